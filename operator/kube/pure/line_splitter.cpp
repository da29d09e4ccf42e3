#include "kube/pure/line_splitter.hpp"

#include <utility>

namespace icrps::kube {

bool LineSplitter::feed(std::string_view bytes,
                        const std::function<bool(std::string_view)>& on_line) {
  while (true) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);  // npos: all of it
    if (partial_.size() + piece.size() > max_line_) {
      overflowed_ = true;
      return false;
    }
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return true;
    }
    bool go_on = true;
    if (!partial_.empty()) {
      partial_.append(piece);
      const std::string line = std::exchange(partial_, {});
      go_on = on_line(line);
    } else if (!piece.empty()) {
      go_on = on_line(piece);
    }
    if (!go_on) return false;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace icrps::kube
