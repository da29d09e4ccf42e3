#include "credentials/rotation/pure/time_text.hpp"

#include <charconv>
#include <fmt/format.h>

#include "icr/text.hpp"

namespace icrps::credentials::rotation {
namespace {

using namespace std::chrono;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2261;  // what nanoseconds since 1970 can hold
constexpr int kHours = 24;
constexpr int kSixty = 60;

/// Takes pieces off the front; false once something was not there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    const auto piece = rest_.substr(0, count);
    for (const char c : piece) good_ = good_ && icr::is_digit(c);
    good_ = good_ && piece.size() == count;
    if (!good_) return 0;
    std::from_chars(piece.data(), piece.data() + piece.size(), value);
    rest_.remove_prefix(count);
    return value;
  }
  void expect(char c) {
    good_ = good_ && next_is(c);
    if (good_) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    if (!good_ || !next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_digits() {
    good_ = good_ && !rest_.empty() && icr::is_digit(rest_.front());
    while (!rest_.empty() && icr::is_digit(rest_.front())) rest_.remove_prefix(1);
  }
  void require(bool condition) { good_ = good_ && condition; }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

  std::string_view rest_;
  bool good_ = true;
};

sys_days scan_date(Scanner& scanner) {
  const int year_number = scanner.digits(4);
  scanner.expect('-');
  const auto month_number = static_cast<unsigned>(scanner.digits(2));
  scanner.expect('-');
  const auto day_number = static_cast<unsigned>(scanner.digits(2));
  const year_month_day date{year(year_number), month(month_number), day(day_number)};
  scanner.require(date.ok() && year_number >= kFirstYear && year_number <= kLastYear);
  return date.ok() ? sys_days(date) : sys_days();
}

seconds scan_time_of_day(Scanner& scanner) {
  const int hour = scanner.digits(2);
  scanner.expect(':');
  const int minute = scanner.digits(2);
  scanner.expect(':');
  const int second = scanner.digits(2);
  scanner.require(hour < kHours && minute < kSixty && second < kSixty);
  if (scanner.accept('.')) scanner.skip_digits();
  return hours(hour) + minutes(minute) + seconds(second);
}

minutes scan_offset(Scanner& scanner) {
  if (scanner.accept('Z')) return {};
  const bool east = scanner.accept('+');
  if (!east) scanner.expect('-');
  const int hour = scanner.digits(2);
  scanner.expect(':');
  const int minute = scanner.digits(2);
  scanner.require(hour < kHours && minute < kSixty);
  const auto offset = hours(hour) + minutes(minute);
  return east ? offset : -offset;
}

}  // namespace

std::string time_text(Time time) {
  const auto date_part = floor<days>(time);
  const year_month_day date(date_part);
  const hh_mm_ss clock(time - date_part);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_time(std::string_view text) {
  Scanner scanner(text);
  const auto date = scan_date(scanner);
  scanner.expect('T');
  const auto time_of_day = scan_time_of_day(scanner);
  const auto offset = scan_offset(scanner);
  if (!scanner.done()) return std::nullopt;
  return Time(date) + time_of_day - offset;
}

}  // namespace icrps::credentials::rotation
