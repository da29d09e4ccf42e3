// Where keys wait: a line for each class of work, first come, first served. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <utility>

#include "runtime/clock.hpp"

namespace icrps::controller {

enum class Lane : std::uint8_t {
  kNew,   ///< something happened there just now, and somebody may be waiting
  kBulk,  ///< a roll-out to every namespace, and what failed again and again
  kSlow,  ///< of namespaces that held a worker for long (SlowKeys)
};
inline constexpr std::size_t kLanes = 3;

[[nodiscard]] constexpr std::size_t index_of(Lane lane) {
  return static_cast<std::size_t>(lane);
}

class Lanes {
 public:
  struct Waiting {
    std::string key;
    Clock::Instant since;  ///< it could be given out
    Lane lane;
  };
  /// A place in a lane; good until the key is taken.
  using Ticket = std::list<Waiting>::iterator;

  Ticket put(std::string key, Lane lane, Clock::Instant since) {
    auto& line = line_of(lane);
    return line.insert(line.end(), {std::move(key), since, lane});
  }
  /// To the end of another one.
  void move(Ticket ticket, Lane lane) {
    auto& line = line_of(lane);
    line.splice(line.end(), line_of(ticket->lane), ticket);
    ticket->lane = lane;
  }
  /// The first of a lane that has one.
  Waiting take(Lane lane) {
    auto& line = line_of(lane);
    auto first = std::move(line.front());
    line.pop_front();
    return first;
  }
  /// Null: the lane is empty.
  [[nodiscard]] const Waiting* front(Lane lane) const {
    const auto& line = lines_[index_of(lane)];
    return line.empty() ? nullptr : &line.front();
  }
  [[nodiscard]] std::size_t waiting(Lane lane) const { return lines_[index_of(lane)].size(); }
  [[nodiscard]] std::size_t waiting() const {
    std::size_t sum = 0;
    for (const auto& line : lines_) sum += line.size();
    return sum;
  }

 private:
  std::list<Waiting>& line_of(Lane lane) { return lines_[index_of(lane)]; }

  std::array<std::list<Waiting>, kLanes> lines_;
};

}  // namespace icrps::controller
