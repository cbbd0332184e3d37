#include "apps/replay/campaign_features.h"

#include <fmt/core.h>

#include <string>

#include "wire/event_line.h"

namespace leumund::apps {

void write_campaign_head(std::FILE* out) {
  fmt::print(out,
             "id\tsubject\tanswer\tacquaintance\tscore\tp\taffinity\tcluster\taccounts\t"
             "tenants\tsurprise\tlog_chance\tcampaign_score\thonest");
  for (std::size_t i = 0; i < verdict::trait_count; ++i)
    fmt::print(out, "\t{}", verdict::trait_name(static_cast<verdict::Trait>(i)));
  fmt::print(out, "\n");
}

void write_campaign_features(const model::Submission& submission, const engine::Outcome& outcome,
                             const verdict::CampaignSettings& settings, std::FILE* out) {
  const engine::CampaignSeen& c = outcome.campaign;
  std::string id;  // as JSON strings: they may hold anything
  wire::write_json_string(submission.id, id);
  std::string subject;
  wire::write_json_string(outcome.subject.to_string(), subject);
  fmt::print(
      out, "{}\t{}\t{}\t{}\t{:.4f}\t{:.5f}\t{:.4f}\t{:012x}\t{}\t{}\t{:.4f}\t{:.4f}\t{:.4f}\t{}",
      id, subject, model::disposition_name(outcome.answer.disposition),
      static_cast<int>(c.traits.acquaintance), verdict::trait_score(c.traits, settings), c.p,
      c.affinity, c.cluster, c.judgement.accounts, c.judgement.tenants, c.judgement.surprise,
      c.judgement.log_chance, c.judgement.score, verdict::honest_kind_name(c.judgement.honest));
  for (const double value : c.traits.values) fmt::print(out, "\t{:.4f}", value);
  fmt::print(out, "\n");
}

}  // namespace leumund::apps
