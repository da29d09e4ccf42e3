#include "controller/event_reporter.hpp"

#include <algorithm>

namespace icrps::controller {

void EventReporter::report(const Subject& subject, const plan::Problem& problem, unsigned count) {
  using Kind = kube::ApiError::Kind;
  if (!problem.note) metrics_.problem(problem.reason);
  const Log::Fields fields{{"kind", subject.kind},
                           {"namespace", subject.ns},
                           {"name", subject.name},
                           {"reason", problem.reason},
                           {"detail", problem.message}};
  if (problem.note) {
    log_.info("note", fields);
  } else {
    log_.warn("problem", fields);
  }
  auto reply =
      client_.create({"events", subject.ns, {}}, event_body(subject, problem, clock_.wall()));
  if (!reply && reply.error().kind == Kind::kAlreadyExists) {
    // Told by an earlier run of the program: a problem is still the same, a note is of another
    // time.
    if (count == 1 && !problem.note) return;
    count = std::max(count, 2U);
    const auto name = event_name(subject, problem);
    reply = client_.patch({"events", subject.ns, name}, kube::Client::PatchType::kMerge,
                          event_patch(count, clock_.wall()));
  }
  if (!reply && reply.error().kind != Kind::kTerminating) {
    log_.warn("event not written", {{"namespace", subject.ns},
                                    {"reason", problem.reason},
                                    {"error", kube::to_string(reply.error().kind)},
                                    {"detail", reply.error().message}});
  }
}

}  // namespace icrps::controller
