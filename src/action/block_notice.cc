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

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string impact_numbers(const model::BlockFacts& facts, bool german) {
  if (german) {
    return fmt::format("{} an {} Empfänger, von {} aus {}", counted(facts.mails, "Mail", "Mails"),
                       facts.recipients, counted(facts.accounts, "Konto", "Konten"),
                       counted(facts.sender_domains, "Domain", "Domains"));
  }
  return fmt::format("{} to {}, of {} from {}", counted(facts.mails, "mail", "mails"),
                     counted(facts.recipients, "recipient", "recipients"),
                     counted(facts.accounts, "account", "accounts"),
                     counted(facts.sender_domains, "domain", "domains"));
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
       {"answered", facts.examples.empty() ? ""
                    : german               ? "Was zuletzt geantwortet wurde:"
                                           : "What it answered last:"},
       {"examples", examples_of(facts)},
       {"argument", shell_argument(subject)}});
}

}  // namespace leumund::action
