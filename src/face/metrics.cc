#include "face/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

namespace leumund::face {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void add(const Metric& metric) {
    MetricFamily family;
    family.name = metric.name;
    family.help = metric.help;
    const bool counter = metric.name.ends_with("_total");
    family.type = counter ? MetricType::Counter : MetricType::Gauge;
    for (const MetricSample& sample : metric.samples) {
      ClientMetric one;
      for (const auto& [name, value] : sample.labels) one.label.push_back({name, value});
      (counter ? one.counter.value : one.gauge.value) = sample.value;
      family.metric.push_back(std::move(one));
    }
    families_.push_back(std::move(family));
  }

  void add(std::string name, std::string help, double value) {
    add({std::move(name), std::move(help), {{{}, value}}});
  }
  void add(std::string name, std::string help, std::uint64_t value) {
    add(std::move(name), std::move(help), static_cast<double>(value));
  }

  template <typename Count>
  void add_by(std::string name, std::string help, const std::string& label,
              const std::map<std::string, Count>& counts) {
    Metric metric{std::move(name), std::move(help), {}};
    for (const auto& [value, count] : counts) {
      metric.samples.push_back({{{label, value}}, static_cast<double>(count)});
    }
    add(metric);
  }

  void add(std::string name, std::string help, const LatencySnapshot& latency) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = MetricType::Histogram;
    ClientMetric one;
    one.histogram.sample_count = latency.count;
    one.histogram.sample_sum = latency.sum_seconds;
    for (const auto& [bound, count] : latency.up_to_seconds) {
      one.histogram.bucket.push_back({count, bound});
    }
    one.histogram.bucket.push_back({latency.count, std::numeric_limits<double>::infinity()});
    family.metric.push_back(std::move(one));
    families_.push_back(std::move(family));
  }

  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_engine(Families& families, const engine::Counters& counters) {
  families.add("leumund_events_total", "Mail events taken by the engine.", counters.events);
  families.add("leumund_submissions_total", "Submissions among them.", counters.submissions);
  families.add("leumund_recipients_total", "Recipients counted, each once a message.",
               counters.recipients);
  families.add("leumund_duplicate_sightings_total",
               "Sightings of a recipient that another source had told before.",
               counters.duplicates);
  families.add("leumund_events_late_total", "Events older than their windows.", counters.late);
  families.add("leumund_events_future_total", "Events dated after the clock, counted at the clock.",
               counters.future);
  families.add("leumund_subjects", "Subjects with counts in memory.", counters.subjects);
  families.add("leumund_subjects_forgotten_total",
               "Subjects forgotten because limits.ledger was reached.",
               counters.subjects_forgotten);
  families.add("leumund_messages", "Messages remembered to join sightings.", counters.messages);
  families.add("leumund_messages_forgotten_total",
               "Messages forgotten because limits.messages was reached.",
               counters.messages_forgotten);
  families.add("leumund_ledger_bytes", "Memory of the counts.", counters.ledger_bytes);
  const engine::CampaignCounters& campaigns = counters.campaigns;
  families.add("leumund_campaigns", "Campaigns that are open.", campaigns.open);
  families.add("leumund_campaigns_opened_total", "Campaigns found.", campaigns.opened);
  families.add("leumund_campaigns_not_opened_total",
               "Campaigns found while too many were open: not held.", campaigns.not_opened);
  families.add("leumund_clusters", "Mailings of several accounts that are watched.",
               campaigns.clusters);
  families.add("leumund_clusters_forgotten_total", "Mailings forgotten because memory was full.",
               campaigns.clusters_forgotten);
  families.add("leumund_clusters_bytes", "Memory for finding campaigns.", campaigns.bytes);
}

}  // namespace

std::string metrics_text(const MetricsSnapshot& snapshot) {
  Families families;
  families.add(
      {"leumund_info", "Version of the running daemon.", {{{{"version", snapshot.version}}, 1}}});
  families.add("leumund_start_time_seconds", "When the daemon started, in Unix seconds.",
               base::to_unix_seconds(snapshot.started_at));
  families.add("leumund_enforcing", "1 if the burst detector enforces, 0 if it observes.",
               snapshot.enforcing ? 1.0 : 0.0);
  families.add("leumund_unattended", "1 while nobody watches and bounded measures are automatic.",
               snapshot.unattended ? 1.0 : 0.0);
  add_engine(families, snapshot.engine);
  families.add_by("leumund_decisions_total", "Decisions by kind.", "decision", snapshot.decisions);
  families.add_by("leumund_restrictions", "Restrictions in force by level.", "level",
                  snapshot.restrictions);
  families.add("leumund_exemptions", "Subjects that are never restricted.", snapshot.exemptions);
  families.add_by("leumund_answers_total", "Answers to the mail server by disposition.",
                  "disposition", snapshot.answers);
  families.add_by("leumund_part_up", "1 if the part works, as `leumund status` shows it.", "part",
                  snapshot.parts);
  families.add("leumund_policy_answer_seconds", "Time from a policy question to its answer.",
               snapshot.policy_answers);
  for (const Metric& metric : snapshot.more) families.add(metric);
  return families.text();
}

}  // namespace leumund::face
