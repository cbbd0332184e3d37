#include "action/notice_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "action/notice_templates.inc"
#include "action/one_line.h"
#include "action/sentences.h"
#include "action/strongest_terms.h"
#include "base/filled.h"

namespace leumund::action {
namespace {

using model::Decision;
using model::DecisionKind;
using model::Level;

constexpr std::size_t reasons_max = 8;
constexpr std::size_t list_max = 200;
constexpr std::size_t fact_bytes_max = 400;

bool german(Language language) { return language == Language::de; }

std::string level_words(Level level, Language language) {
  switch (level) {
    case Level::throttle:
      return german(language) ? "wenige Empfänger je Stunde" : "a few recipients an hour";
    case Level::hold:
      return german(language) ? "Post wird zur Durchsicht angehalten" : "mail is held for review";
    case Level::external_only:
      return german(language) ? "keine Post an fremde Domains" : "no mail to other domains";
    case Level::no_sending: return german(language) ? "kein Versand" : "no sending";
  }
  return "";
}

std::string reasons_of(const Decision& decision, Language language) {
  std::string text;
  for (const auto* term : strongest_terms(decision.terms, reasons_max)) {
    if (!text.empty()) text += '\n';
    std::string worth = fmt::format("{:+.1f}", term->value);
    if (german(language)) worth = base::with_comma(std::move(worth));
    text += fmt::format(
        "{:>6}  {}", worth,
        one_line(term->text.empty() ? term->name : translated(language, term->text), 200));
  }
  return text.empty()
             ? one_line(translated_list(language, decision.restriction.reason), fact_bytes_max)
             : text;
}

std::string held_words(const HoldOutcome& outcome, Language language) {
  if (outcome.held == 0 && outcome.missing == 0) return german(language) ? "keine" : "none";
  std::string text = german(language) ? fmt::format("{} angehalten", outcome.held)
                                      : fmt::format("{} on hold", outcome.held);
  if (outcome.missing > 0) {
    text += german(language) ? fmt::format(", {} schon fort", outcome.missing)
                             : fmt::format(", {} had left already", outcome.missing);
  }
  return text;
}

std::string checklist_of(const model::Subject& subject) {
  switch (subject.kind) {
    case model::SubjectKind::script: return "--done script=WHO";
    case model::SubjectKind::forward: return "--done forwards=WHO";
    case model::SubjectKind::account:
      return "--done password=WHO --done sessions=WHO --done forwards=WHO";
    default: return "";
  }
}

// What the stop leaves alone, and whom to turn to, by what was stopped.
std::pair<std::string, std::string> advice_for(model::SubjectKind kind, Language language) {
  const bool de = german(language);
  switch (kind) {
    case model::SubjectKind::script:
      return {de ? "Die Website läuft weiter; nur was das Skript verschickt, ist gestoppt."
                 : "The website goes on; only what the script sends is stopped.",
              de ? "Skript prüfen: wer ruft es auf (Zugriffsprotokoll)? Lücke schließen, fremde "
                   "Dateien löschen, Zugangsdaten der Website ändern."
                 : "Look at the script: who calls it (access log)? Close the hole, delete foreign "
                   "files, change the website's passwords."};
    case model::SubjectKind::forward:
      return {de ? "Das Postfach empfängt weiterhin; nur die Weiterleitung ist gestoppt."
                 : "The mailbox still receives; only what it forwards is stopped.",
              de ? "Inhaber anrufen: will er die Weiterleitung, und wird dort Spam aussortiert?"
                 : "Call the owner: is the forward wanted, and is spam sorted out before it?"};
    case model::SubjectKind::account:
      return {de ? "Empfangen kann das Konto weiterhin. Der Helpdesk bleibt für es erreichbar."
                 : "The account may still receive mail. The helpdesk stays reachable for it.",
              de ? "Inhaber anrufen: neues Passwort, andere Sitzungen beendet, Weiterleitungen und "
                   "Filter geprüft."
                 : "Call the owner: new password, other sessions ended, forwards and filters "
                   "looked through."};
    default:
      return {"", de ? "Wer das Gerät betreibt, sucht dort: Schadsoftware, ein offenes Relay, ein "
                       "fremdes Programm."
                     : "Whoever runs that machine looks there: malware, an open relay, a foreign "
                       "program."};
  }
}

std::map<std::string, std::string> facts_of(const Decision& decision, Language language) {
  const auto& restriction = decision.restriction;
  const std::string subject = one_line(decision.subject.to_string(), fact_bytes_max);
  std::string by = one_line(decision.by, 100);
  if (restriction.automatic) by += german(language) ? " (Detektor)" : " (detector)";
  const auto [left_alone, owner_step] = advice_for(decision.subject.kind, language);
  return {
      {"subject", subject},
      {"subject_name", one_line(decision.subject.name, fact_bytes_max)},
      {"argument", shell_argument(subject)},
      {"level_words", level_words(restriction.level, language)},
      {"since", notice_time(decision.at)},
      {"until", restriction.until  ? notice_time(*restriction.until)
                : german(language) ? "zur Freigabe"
                                   : "released by a person"},
      {"by", by},
      {"number", std::to_string(decision.number)},
      {"recipients_before",
       decision.recipients_before > 0 ? std::to_string(decision.recipients_before) : ""},
      {"reasons", reasons_of(decision, language)},
      {"reason", one_line(translated_list(language, restriction.reason), fact_bytes_max)},
      {"left_alone", left_alone},
      {"owner_step", owner_step},
      {"checklist", checklist_of(decision.subject)},
      {"undo", restriction.automatic ? fmt::format("leumund undo {}", decision.number) : ""},
  };
}

// A campaign's members, and how much it is about.
void add_campaign(const Decision& decision, Language language,
                  std::map<std::string, std::string>& facts) {
  constexpr std::size_t members_max = 50;
  std::string members;
  for (std::size_t i = 0; i < std::min(decision.accounts.size(), members_max); ++i)
    members += (i == 0 ? "" : "\n") + one_line(decision.accounts[i], 120);
  facts["members"] = members;
  if (decision.accounts.size() > members_max) {
    const auto more = decision.accounts.size() - members_max;
    facts["left_out"] = german(language) ? fmt::format("... und {} weitere", more)
                                         : fmt::format("... and {} more", more);
  }
  facts["recipients_before"] = std::to_string(decision.recipients_before);
  facts["accounts"] = std::to_string(decision.accounts.size());
  facts["messages"] = std::to_string(decision.messages.size());
}

bool is_campaign(const Decision& decision) {
  return decision.subject.kind == model::SubjectKind::campaign;
}

std::string accounts_counted(std::size_t count, Language language) {
  if (count == 1) return german(language) ? "1 Konto" : "1 account";
  return fmt::format("{} {}", count, german(language) ? "Konten" : "accounts");
}

std::string decisions_counted(std::size_t count, Language language) {
  if (count == 1) return german(language) ? "1 Entscheidung" : "1 decision";
  return fmt::format("{} {}", count, german(language) ? "Entscheidungen" : "decisions");
}

// How grave it is for the house, the gravest first.
int gravity(const Decision& decision) {
  switch (decision.kind) {
    case DecisionKind::provider_refuses: return 0;
    case DecisionKind::listed: return 1;
    case DecisionKind::restricted: return is_campaign(decision) ? 2 : 5;
    case DecisionKind::detour: return 3;
    case DecisionKind::would_restrict: return is_campaign(decision) ? 4 : 6;
    default: return 7;
  }
}

// The gravest of them for a subject line, with a colon behind it; "" where none stands out.
std::string gravest_words(std::span<const Decision> decisions, Language language) {
  if (decisions.empty()) return "";
  const Decision& worst = *std::ranges::min_element(decisions, {}, gravity);
  const std::string name = one_line(worst.subject.name, 80);
  const bool de = german(language);
  switch (gravity(worst)) {
    case 0: return name + (de ? " weist unsere Post ab: " : " refuses our mail: ");
    case 1: return name + (de ? " steht auf einer Liste: " : " is on a list: ");
    case 2:
      return fmt::format(
          fmt::runtime(de ? "Aussendung über {} angehalten: " : "a mailing over {} is held: "),
          accounts_counted(worst.accounts.size(), language));
    case 3: return fmt::format(fmt::runtime(de ? "Umweg für {}: " : "detour of {}: "), name);
    case 4:
      return fmt::format(fmt::runtime(de ? "Aussendung über {}, nicht angehalten: "
                                         : "a mailing over {}, not held: "),
                         accounts_counted(worst.accounts.size(), language));
    default: return "";
  }
}

// What happened in a word; programs read the other name from the webhook.
std::string_view kind_word(DecisionKind kind, Language language) {
  if (!german(language)) return model::decision_kind_name(kind);
  switch (kind) {
    case DecisionKind::restricted: return "eingeschränkt";
    case DecisionKind::would_restrict: return "nur beobachtet";
    case DecisionKind::released: return "freigegeben";
    case DecisionKind::ended: return "beendet";
    case DecisionKind::exempted: return "ausgenommen";
    case DecisionKind::exemption_ended: return "Ausnahme vorbei";
    case DecisionKind::announced: return "angekündigt";
    case DecisionKind::extended: return "verlängert";
    case DecisionKind::alarm: return "Alarm";
    case DecisionKind::provider_refuses: return "weist ab";
    case DecisionKind::provider_accepts: return "nimmt wieder an";
    case DecisionKind::detour: return "Umweg";
    case DecisionKind::would_detour: return "nur geplant";
    case DecisionKind::listed: return "gelistet";
    case DecisionKind::delisted: return "ausgetragen";
    case DecisionKind::list_fault: return "Liste gestört";
    case DecisionKind::list_well: return "Liste geht";
    case DecisionKind::setup_fault: return "Mangel";
    case DecisionKind::setup_well: return "Mangel behoben";
    case DecisionKind::case_opened: return "Fall eröffnet";
    case DecisionKind::case_closed: return "Fall geschlossen";
    case DecisionKind::case_reopened: return "Fall neu offen";
    case DecisionKind::case_due: return "Fall fällig";
  }
  return "";
}

std::string list_line(const Decision& decision, Language language, bool with_undo) {
  const std::string what =
      decision.about_surroundings()
          ? one_line(translated_list(language, decision.restriction.reason), fact_bytes_max)
          : level_words(decision.restriction.level, language);
  std::string line =
      fmt::format("{}  {:<16} {}  {}", notice_time(decision.at), kind_word(decision.kind, language),
                  one_line(decision.subject.to_string(), 120), what);
  if (decision.kind == DecisionKind::restricted && decision.restriction.automatic) {
    line += fmt::format("{}leumund undo {}", with_undo ? "\n    " : "  ", decision.number);
  }
  return line;
}

// Lists decisions as lines; the number left out goes into `left_out`.
std::string list_of(std::span<const Decision> decisions, Language language, bool with_undo,
                    std::string& left_out) {
  std::string text;
  for (const auto& decision : decisions.subspan(0, std::min(decisions.size(), list_max))) {
    if (!text.empty()) text += '\n';
    text += list_line(decision, language, with_undo);
  }
  if (decisions.size() > list_max) {
    const auto more = decisions.size() - list_max;
    left_out = german(language) ? fmt::format("... und {} weitere", more)
                                : fmt::format("... and {} more", more);
  }
  return text;
}

// One line of a template; nothing when all of its facts are empty, unless it is the subject.
void append_filled(std::string& out, std::string_view line,
                   const std::map<std::string, std::string>& facts) {
  std::string filled;
  bool any_fact = false;
  bool any_full = false;
  for (std::size_t at = 0; at < line.size();) {
    const auto open = line.find("{{", at);
    const auto close = open == std::string_view::npos ? open : line.find("}}", open);
    if (close == std::string_view::npos) {
      filled += line.substr(at);
      break;
    }
    filled += line.substr(at, open - at);
    const auto fact = facts.find(std::string(line.substr(open + 2, close - open - 2)));
    any_fact = true;
    if (fact != facts.end() && !fact->second.empty()) {
      any_full = true;
      const std::string indentation(std::min(line.find_first_not_of(' '), open), ' ');
      for (const char c : fact->second) {
        filled += c;
        if (c == '\n') filled += indentation;
      }
    }
    at = close + 2;
  }
  if (any_fact && !any_full && !out.empty()) return;
  while (!filled.empty() && filled.back() == ' ') filled.pop_back();
  out += filled + "\n";
}

}  // namespace

std::string notice_time(base::TimePoint at) {
  std::string text = base::format_rfc3339(at);  // 2026-11-21T18:00:00Z
  std::replace(text.begin(), text.end(), 'T', ' ');
  text.pop_back();
  return text + " UTC";
}

std::string_view notice_template(std::string_view name, Language language) {
  for (const auto& one : notice_templates) {
    if (one.name == name && one.language == (german(language) ? "de" : "en")) return one.text;
  }
  return "?\n\n?\n";
}

std::string shell_argument(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("@._:/+=-").contains(c);
  });
  if (plain) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\'";
    out += c;
  }
  return out + "'";
}

NoticeText fill_template(std::string_view text, const std::map<std::string, std::string>& facts) {
  std::string filled;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    append_filled(filled, text.substr(0, end), facts);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  NoticeText notice;
  const auto end = filled.find('\n');
  notice.subject = one_line(filled.substr(0, end), 300);
  if (end != std::string::npos) {
    notice.body = filled.substr(std::min(filled.find_first_not_of('\n', end), filled.size()));
  }
  // Where a paragraph is left out, so is the empty line before it.
  for (auto at = notice.body.find("\n\n\n"); at != std::string::npos;
       at = notice.body.find("\n\n\n", at)) {
    notice.body.erase(at, 1);
  }
  return notice;
}

NoticeText restricted_notice(const Decision& decision, const HoldOutcome& outcome,
                             Language language) {
  auto facts = facts_of(decision, language);
  facts["held"] = held_words(outcome, language);
  facts["trouble"] = one_line(outcome.trouble, fact_bytes_max);
  if (is_campaign(decision)) add_campaign(decision, language, facts);
  return fill_template(notice_template(is_campaign(decision) ? "campaign" : "restricted", language),
                       facts);
}

NoticeText over_notice(const Decision& decision, std::size_t mails, std::size_t senders,
                       Language language) {
  auto facts = facts_of(decision, language);
  facts["mails"] = std::to_string(mails);
  facts["mails_counted"] =
      base::fill(german(language) ? "{} <Mail|Mails>" : "{} <mail|mails>", mails);
  facts["senders"] = std::to_string(senders);
  return fill_template(
      notice_template(is_campaign(decision) ? "campaignover" : "senderover", language), facts);
}

NoticeText observed_notice(const Decision& decision, Language language) {
  auto facts = facts_of(decision, language);
  // In the unattended time a detector acts, so this one was beyond the bounds.
  if (decision.unattended) {
    facts["why_not"] = german(language) ? "die Grenze für automatische Maßnahmen ist erreicht"
                                        : "the bound of automatic measures is reached";
  } else {
    facts["why_not"] =
        german(language) ? "der Detektor beobachtet nur" : "the detector only observes";
  }
  if (is_campaign(decision)) add_campaign(decision, language, facts);
  return fill_template(
      notice_template(is_campaign(decision) ? "campaignseen" : "observed", language), facts);
}

NoticeText alarm_notice(const Decision& decision, Language language) {
  return fill_template(notice_template("alarm", language), facts_of(decision, language));
}

NoticeText collected_notice(std::span<const Decision> decisions, Language language) {
  std::map<std::string, std::string> facts;
  facts["count"] = decisions_counted(decisions.size(), language);
  facts["gravest"] = gravest_words(decisions, language);
  const auto senders = std::count_if(decisions.begin(), decisions.end(),
                                     [](const auto& one) { return !one.about_surroundings(); });
  if (senders > 1)
    facts["senders"] = german(language)
                           ? "Viele Konten zugleich deuten auf eine Ursache: eine gestohlene "
                             "Passwortliste, eine Kampagne oder ein Detektor, der irrt."
                           : "Many accounts at the same time point to one cause: a stolen password "
                             "list, a campaign, or a detector that errs.";
  // The worst news first, each kind in its order.
  std::vector<Decision> sorted(decisions.begin(), decisions.end());
  std::ranges::stable_sort(sorted, {}, gravity);
  facts["list"] = list_of(sorted, language, false, facts["left_out"]);
  return fill_template(notice_template("collected", language), facts);
}

NoticeText digest_notice(std::span<const Decision> decisions, base::TimePoint from,
                         base::TimePoint until, Language language) {
  const auto count = [&](auto... kinds) {
    return std::to_string(std::count_if(decisions.begin(), decisions.end(), [&](const auto& one) {
      return ((one.kind == kinds) || ...);
    }));
  };
  std::vector<Decision> restricted;
  for (const auto& decision : decisions) {
    if (decision.kind == DecisionKind::restricted && decision.restriction.automatic) {
      restricted.push_back(decision);
    }
  }
  const auto around = std::count_if(decisions.begin(), decisions.end(),
                                    [](const auto& one) { return one.about_surroundings(); });
  std::map<std::string, std::string> facts = {
      {"count", decisions_counted(decisions.size(), language)},
      {"gravest", gravest_words(decisions, language)},
      {"since", notice_time(from)},
      {"until", notice_time(until)},
      {"restricted", count(DecisionKind::restricted)},
      {"reported", count(DecisionKind::would_restrict, DecisionKind::alarm)},
      {"released", count(DecisionKind::released, DecisionKind::ended)},
      {"around", around == 0 ? "" : std::to_string(around)},
      {"undo", restricted.empty() ? ""
               : german(language)
                   ? "Jede automatische Einschränkung mit dem Befehl, der sie zurücknimmt:"
                   : "Each automatic restriction with the command that takes it back:"},
  };
  facts["list"] = list_of(restricted, language, true, facts["left_out"]);
  return fill_template(notice_template("digest", language), facts);
}

NoticeText owner_notice(const Decision& decision, const std::string& contact, Language language) {
  auto facts = facts_of(decision, language);
  facts["contact"] = contact.empty()
                         ? (german(language) ? "Ihren Administrator" : "your administrator")
                         : one_line(contact, 200);
  return fill_template(notice_template("owner", language), facts);
}

}  // namespace leumund::action
