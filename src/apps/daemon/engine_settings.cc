#include "apps/daemon/engine_settings.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "config/detour_pool.h"
#include "config/egress.h"
#include "config/weekly_span.h"

namespace leumund::apps {

action::BookSettings book_settings(const config::Settings& settings) {
  action::BookSettings out;
  out.default_mode = settings.run.default_mode;
  out.detector_modes["burst"] = settings.run.burst_mode;
  out.detector_spans["burst"] = settings.run.burst_span;
  // An unexpected mailing is found by the same detector and held for review.
  out.detector_modes["bulk"] = settings.run.burst_mode;
  out.detector_modes["campaign"] = settings.run.campaign_mode;
  out.detector_spans["campaign"] = settings.run.campaign_span;
  out.throttle_recipients_per_hour = settings.run.throttle_recipients_per_hour;
  out.helpdesk = settings.run.helpdesk;
  out.own_domains = settings.run.own_domains;
  out.contact = settings.run.contact;
  out.release_requires = settings.run.release_requires;
  out.restrictions_max = settings.start.restrictions_max;
  return out;
}

engine::Settings engine_settings(const config::Settings& settings, base::HashKey key) {
  engine::Settings out;
  out.detection.allowed_false_alarms_per_account_day = settings.run.burst_false_alarms;
  out.book = book_settings(settings);
  out.burst_level = settings.run.burst_level;
  out.limits.ledger_bytes = settings.start.ledger_bytes;
  out.limits.campaign_bytes = settings.start.campaign_bytes;
  out.limits.messages_max = settings.start.messages_max;
  out.key = key;
  out.relay_clients = settings.run.relay_clients;
  out.campaigns = settings.run.campaigns;
  out.campaign.allowed_per_day = settings.run.campaign_false_alarms;
  out.campaign_texts = settings.run.campaign_keep_texts;
  out.blocks.egress_names = config::egress_names(settings.run.egresses);
  out.blocks.spare_ways = config::spare_ways(settings.run);
  constexpr std::chrono::seconds at_least = std::chrono::hours(1);
  out.blocks.untried_after = std::max(config::longest_probe_pause(settings.run), at_least);
  out.blocks.test.false_changes_per_cell_year = settings.run.block_false_changes;
  return out;
}

intake::MilterPrintSettings print_settings(const config::RunSettings& settings) {
  intake::MilterPrintSettings out;
  out.keep_own_text = settings.campaigns && settings.campaign_keep_texts;
  out.forwarders = settings.forwarders;
  out.prints.identity_headers = settings.identity_headers;
  // A wrong rule is refused before it comes here.
  if (auto classes = fingerprint::ClassRules::with_defaults(settings.class_rules))
    out.prints.classes = std::move(*classes);
  return out;
}

action::Unattended configured_unattended(const config::RunSettings& settings, base::TimePoint now,
                                         std::chrono::seconds utc_offset) {
  action::Unattended out;
  out.restrictions_per_hour = settings.unattended_per_hour;
  out.restrictions_per_day = settings.unattended_per_day;
  if (settings.unattended_until && now < *settings.unattended_until) {
    out.from = settings.unattended_from.value_or(now);
    out.until = settings.unattended_until;
    if (*out.from <= now) return out;
  } else if (settings.unattended_from && !settings.unattended_until &&
             *settings.unattended_from <= now) {
    out.from = settings.unattended_from;
    return out;
  }
  std::vector<config::WeeklySpan> spans;
  for (const auto& text : settings.unattended_schedule) {
    if (auto span = config::parse_weekly_span(text)) spans.push_back(*span);
  }
  if (const auto current = config::current_span(spans, now, utc_offset)) {
    out.from = current->from;
    out.until = current->until;
  }
  return out;
}

}  // namespace leumund::apps
