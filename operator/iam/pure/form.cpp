#include "iam/pure/form.hpp"

#include "http/percent.hpp"

namespace icrps::iam {

SecretString encode_form(std::initializer_list<Field> fields) {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) {
    size += http::kLongestEscape * (name.size() + value.size()) + 2;
  }
  std::string form;
  form.reserve(size);
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    http::append_percent_encoded(form, name);
    form += '=';
    http::append_percent_encoded(form, value);
  }
  return SecretString(std::move(form));
}

}  // namespace icrps::iam
