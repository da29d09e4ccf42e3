#include "harness/crowd.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <thread>

#include "harness/scene.hpp"

namespace itest {

void in_parallel(int count, const std::function<void(int)>& what) {
  constexpr int kThreads = 12;
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int index = next++; index < count; index = next++) what(index);
    });
  }
  for (auto& thread : threads) thread.join();
}

std::vector<std::string> make_crowd(const std::string& prefix, int count) {
  std::vector<std::string> made(static_cast<std::size_t>(count));
  in_parallel(count, [&](int i) {
    made[static_cast<std::size_t>(i)] = cluster().make_namespace(prefix, in("us-south"));
  });
  eventually(
      "every one of the crowd has its account",
      [&]() -> std::string {
        const auto list = must(
            cluster().api().get("/api/v1/serviceaccounts?fieldSelector=metadata.name=default"));
        const auto have =
            std::count_if(list["items"].begin(), list["items"].end(), [&](const json& account) {
              return account["metadata"]["namespace"].get<std::string>().starts_with(prefix + "-");
            });
        return have >= count ? "" : std::to_string(have);
      },
      90s);
  return made;
}

}  // namespace itest
