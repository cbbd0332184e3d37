// Options of the detectors: which of them act, how often they may be wrong, and how long a measure
// lasts.
#include "config/option_kinds.h"

namespace leumund::config {
namespace {

using Run = RunSettings;
using std::chrono::days;
using std::chrono::seconds;

Option detector_mode(std::string name, std::optional<model::Mode> Run::* member,
                     std::string sentence) {
  const std::vector<std::string> names = {"observe", "enforce", "default"};
  Option mode = option_row<Run>(std::move(name), "choice", "default", std::move(sentence));
  mode.bounds = join_names(names);
  bind(
      mode, member,
      [names](const Value& value) -> base::Result<std::optional<model::Mode>> {
        auto index = choice_of(value, names);
        if (!index) return index.error();
        return *index == 2 ? std::optional<model::Mode>()
                           : std::optional(static_cast<model::Mode>(*index));
      },
      [](const std::optional<model::Mode>& given) {
        return Value(std::string(given ? model::mode_name(*given) : "default"));
      });
  return mode;
}

Option detector_span(std::string name, std::optional<seconds> Run::* member, std::string usual,
                     std::string sentence) {
  Option span =
      option_row<Run>(std::move(name), "span of time", std::move(usual), std::move(sentence));
  span.bounds = "1m to 365d, or until_released";
  bind(
      span, member,
      [](const Value& value) -> base::Result<std::optional<seconds>> {
        if (value == Value("until_released")) return std::optional<seconds>();
        auto read = span_of(value, seconds(60), days(365));
        if (!read) {
          return base::Error{read.error().code, read.error().message + ", or until_released"};
        }
        return std::optional<seconds>(*read);
      },
      [](const std::optional<seconds>& read) {
        return Value(read ? base::format_span(*read) : "until_released");
      });
  return span;
}

Option detector_budget(std::string name, double Run::* member, std::string unit, double usual,
                       double least, double most, std::string bounds) {
  Option budget = option_row<Run>(std::move(name), std::move(unit), usual,
                                  "False alarms you accept; the threshold follows from it.");
  budget.bounds = std::move(bounds);
  bind(
      budget, member, [least, most](const Value& value) { return fraction_of(value, least, most); },
      [](double fraction) { return Value(fraction); });
  return budget;
}

Option burst_level() {
  const std::vector<std::string> levels = {"throttle", "hold", "external_only", "no_sending",
                                           "auto"};
  Option level =
      option_row<Run>("detectors.burst.level", "choice", "auto",
                      "Measure against a hacked account; auto takes what the detector proposes: "
                      "no_sending, or hold where nothing but the number of strangers speaks "
                      "against it. A script can only be stopped, a forward only held.");
  level.bounds = join_names(levels);
  bind(
      level, &Run::burst_level,
      [levels](const Value& value) -> base::Result<std::optional<model::Level>> {
        auto index = choice_of(value, levels);
        if (!index) return index.error();
        return *index == 4 ? std::optional<model::Level>()
                           : std::optional(static_cast<model::Level>(*index));
      },
      [](const std::optional<model::Level>& chosen) {
        return Value(std::string(chosen ? model::level_name(*chosen) : "auto"));
      });
  return level;
}

void add_campaigns(std::vector<Option>& table) {
  const std::vector<std::string> names = {"off", "observe", "enforce", "default"};
  Option mode = option_row<Run>(
      "detectors.campaign.mode", "choice", "observe",
      "Whether a mailing over many hacked accounts is not looked for, only told, or also held; "
      "default is detectors.default_mode.");
  mode.bounds = join_names(names);
  bind(
      mode, &Run::campaign_mode_given,
      [names](const Value& value) -> base::Result<CampaignMode> {
        auto index = choice_of(value, names);
        if (!index) return index.error();
        return static_cast<CampaignMode>(*index);
      },
      [names](CampaignMode given) { return Value(names.at(static_cast<std::size_t>(given))); });
  table.push_back(std::move(mode));
  table.push_back(detector_budget("detectors.campaign.false_alarms", &Run::campaign_false_alarms,
                                  "campaigns a day", 0.05, 1e-6, 10, "1e-06 to 10"));
  table.push_back(detector_span("detectors.campaign.span", &Run::campaign_span, "7d",
                                "How long the mail of a campaign is held after its last mail."));
  table.push_back(flag_option("detectors.campaign.keep_texts", &Run::campaign_keep_texts, false,
                              "Whether parts of three texts of an open campaign are kept in "
                              "memory, so that explain can show its template."));
}

}  // namespace

void add_detector_options(std::vector<Option>& table) {
  const std::vector<std::string> modes = {"observe", "enforce"};
  table.push_back(
      choice_option("detectors.default_mode", &Run::default_mode, modes, model::Mode::observe,
                    "Whether detectors without a mode of their own only tell or also act."));
  table.push_back(detector_mode("detectors.burst.mode", &Run::burst_mode_given,
                                "Whether a hacked account or script is only told or also "
                                "restricted; default is detectors.default_mode."));
  table.push_back(detector_budget("detectors.burst.false_alarms", &Run::burst_false_alarms,
                                  "per account and day", 1e-4, 1e-7, 0.1, "1e-07 to 0.1"));
  table.push_back(detector_span("detectors.burst.span", &Run::burst_span, "until_released",
                                "How long an automatic restriction lasts."));
  table.push_back(burst_level());
  add_campaigns(table);
}

}  // namespace leumund::config
