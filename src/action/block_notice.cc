// What the admin is told when a provider refuses our mail, and when it takes it again.
#include <fmt/core.h>

#include <algorithm>

#include "action/mail_classes.h"
#include "action/notice_text.h"
#include "action/one_line.h"

namespace leumund::action {
namespace {

constexpr std::size_t examples_max = 3;
constexpr std::size_t reply_bytes_max = 300;

std::string impact_numbers(const model::BlockFacts& facts, bool german) {
  return german ? fmt::format("{} Mails an {} Empfänger, von {} Konten aus {} Domains", facts.mails,
                              facts.recipients, facts.accounts, facts.sender_domains)
                : fmt::format("{} mails to {} recipients, of {} accounts from {} domains",
                              facts.mails, facts.recipients, facts.accounts, facts.sender_domains);
}

std::string impact_words(const model::BlockFacts& facts, Language language) {
  const bool german = language == Language::de;
  const std::string classes = class_words(facts.classes, language);
  if (classes.empty()) return impact_numbers(facts, german);
  return impact_numbers(facts, german) + (german ? "; davon " : "; of these ") + classes;
}

std::string examples_of(const model::BlockFacts& facts) {
  std::string text;
  for (std::size_t i = 0; i < std::min(examples_max, facts.examples.size()); ++i) {
    const model::BlockExample& example = facts.examples[i];
    if (!text.empty()) text += '\n';
    text += one_line(example.remote, 100);
    if (!example.stage.empty()) text += " (" + example.stage + ")";
    text += ": " + one_line(example.reply, reply_bytes_max);
  }
  return text;
}

}  // namespace

NoticeText block_notice(const model::Decision& decision, Language language) {
  if (!decision.block) return {};
  const bool german = language == Language::de;
  const model::BlockFacts& facts = decision.block->facts;
  std::string lists;
  for (const std::string& list : facts.lists) {
    lists += (lists.empty() ? "" : ", ") + one_line(list, 100);
  }
  const std::string subject = decision.subject.to_string();
  const bool refuses = decision.kind == model::DecisionKind::provider_refuses;
  return fill_template(
      notice_template(refuses ? "blocked" : "unblocked", language),
      {{"provider", one_line(facts.provider, 200)},
       {"egress", one_line(facts.egress, 200)},
       {"block_since", notice_time(facts.since)},
       {"since", notice_time(decision.at)},
       {"listed_address", one_line(facts.listed_address, 100)},
       {"lists", lists},
       {"private", !facts.private_list ? ""
                   : german ? "eine eigene Entscheidung des Anbieters; keine öffentliche Liste"
                            : "the provider's own decision; no public list shows it"},
       {"share", fmt::format("{:.0f} %", facts.refused_share * 100)},
       {"impact", impact_words(facts, language)},
       {"number", std::to_string(decision.number)},
       {"examples", examples_of(facts)},
       {"argument", shell_argument(subject)}});
}

}  // namespace leumund::action
