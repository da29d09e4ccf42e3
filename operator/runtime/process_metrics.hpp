// What Prometheus' client libraries say of a process, by the names that dashboards know.
#pragma once

#include <prometheus/metric_family.h>
#include <vector>

namespace icrps {

/// Of this process, as /proc has it now; what can't be read is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace icrps
