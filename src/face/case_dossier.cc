// The dossier of a case: what happened, whom it hit, what was done, whom we asked.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "action/desk_addresses.h"
#include "action/mail_classes.h"
#include "action/sentences.h"
#include "face/case_letter.h"
#include "face/explain_form.h"
#include "face/print_page.h"

namespace leumund::face {
namespace {

using config::Language;
using model::CaseEvent;

constexpr std::size_t causes_shown_max = 200;

struct Words {
  std::string_view english, german;
};

constexpr std::array<Words, 16> event_words = {
    {{"turned against us", "hat sich gegen uns gewandt"},
     {"one more of ours", "eine weitere von uns"},
     {"ended", "beendet"},
     {"sender stopped", "Absender gestoppt"},
     {"let go again", "wieder freigegeben"},
     {"detour", "Umweg"},
     {"asked", "angefragt"},
     {"answer", "Antwort"},
     {"note", "Notiz"},
     {"nobody is against us any more", "niemand steht mehr gegen uns"},
     {"case closed", "Fall geschlossen"},
     {"case reopened", "Fall wieder geöffnet"},
     {"reminder", "Erinnerung"},
     {"review", "Nachprüfung"},
     {"named as cause", "als Ursache genannt"},
     {"no cause after all", "doch keine Ursache"}}};
constexpr std::array<Words, 3> state_words = {
    {{"open", "offen"}, {"quiet", "ruhig"}, {"closed", "geschlossen"}}};

class Dossier {
 public:
  Dossier(const DossierReport& dossier, const DossierView& view)
      : dossier_(dossier), one_(dossier.report.one), view_(view) {}

  std::string page() {
    head();
    parties();
    evidence();
    measures();
    requests();
    earlier();
    timeline();
    return std::move(out_) + "</body>\n</html>\n";
  }

 private:
  std::string_view say(std::string_view english, std::string_view german) const {
    return view_.language == Language::de ? german : english;
  }
  std::string_view say(const Words& words) const { return say(words.english, words.german); }
  std::string when(base::TimePoint at) const { return action::letter_time(at, view_.language); }
  std::string when(const std::optional<base::TimePoint>& at) const { return at ? when(*at) : ""; }

  void heading(std::string_view text) { out_ += fmt::format("<h2>{}</h2>\n", text); }
  void table(const std::vector<std::string_view>& heads) {
    out_ += "<table><thead><tr>";
    for (const auto text : heads) out_ += fmt::format("<th>{}</th>", text);
    out_ += "</tr></thead><tbody>\n";
  }
  void row(const std::vector<std::string>& cells) {
    out_ += "<tr>";
    for (const std::string& cell : cells) out_ += "<td>" + html_text(cell) + "</td>";
    out_ += "</tr>\n";
  }
  void end_table() { out_ += "</tbody></table>\n"; }

  std::string title_of(const model::CaseParty& party) const {
    for (const model::Contact& contact : dossier_.contacts) {
      if (contact.party == party.id && !contact.name.empty()) return contact.name;
    }
    return party.title.empty() ? party.id : party.title;
  }
  std::string title_of(const std::string& id) const {
    for (const model::CaseParty& party : one_.parties) {
      if (party.id == id) return title_of(party);
    }
    return id;
  }

  std::string kind_of(model::SubjectKind kind) const {
    switch (kind) {
      case model::SubjectKind::account: return std::string(say("mail account", "Postfach"));
      case model::SubjectKind::script: return std::string(say("script", "Skript"));
      case model::SubjectKind::forward: return std::string(say("forward", "Weiterleitung"));
      case model::SubjectKind::campaign: return std::string(say("campaign", "Kampagne"));
      default: return std::string(say("computer", "Rechner"));
    }
  }
  // A stopped sender by his name, or by his number in this dossier.
  std::string sender(std::size_t index) const {
    if (index >= one_.causes.size()) return std::string(say("a sender", "ein Absender"));
    const model::Subject& subject = one_.causes[index].subject;
    if (view_.names) return subject.to_string();
    return fmt::format("{} {} ({})", say("sender", "Absender"), index + 1, kind_of(subject.kind));
  }
  std::string sender(const std::string& name) const {
    const auto found = std::find_if(one_.causes.begin(), one_.causes.end(), [&](const auto& cause) {
      return cause.subject.to_string() == name;
    });
    return sender(static_cast<std::size_t>(found - one_.causes.begin()));
  }

  void head() {
    const std::string title =
        fmt::format("{} {}: {}", say("Case", "Fall"), one_.number, one_.subject.to_string());
    out_ = print_page_head(view_.language, title);
    out_ += "<h1>" + html_text(title) + "</h1>\n<p>";
    if (!dossier_.organisation.empty()) out_ += html_text(dossier_.organisation) + "<br>\n";
    out_ += fmt::format("{}: {}, {}", say("Opened", "Eröffnet"), when(one_.opened_at),
                        say(state_words.at(static_cast<std::size_t>(one_.state))));
    if (one_.closed_at) {
      out_ += fmt::format("<br>\n{}: {}", say("Closed", "Geschlossen"), when(*one_.closed_at));
    }
    if (one_.recurs_of > 0) {
      out_ += fmt::format("<br>\n{} {}", say("Comes back after case", "Kehrt wieder nach Fall"),
                          one_.recurs_of);
    }
    out_ += fmt::format("<br>\n<small>{} {}.", say("As of", "Stand:"), when(dossier_.now));
    if (!view_.names) {
      out_ += fmt::format(" {}", say("Names of senders and notes are left out.",
                                     "Namen von Absendern und Notizen sind weggelassen."));
    }
    out_ += "</small></p>\n";
  }

  void parties() {
    heading(say("Who is against us, and whom it hits", "Wer gegen uns steht und wen es trifft"));
    table({say("who", "wer"), say("since", "seit"), say("until", "bis"), say("what", "was"),
           say("mails", "Nachrichten"), say("recipients", "Empfänger"), say("accounts", "Konten"),
           say("sender domains", "Absender-Domains"), say("of the mails", "davon")});
    for (const model::CaseParty& party : one_.parties) {
      std::string places;
      for (const std::string& place : party.places) places += (places.empty() ? "" : ", ") + place;
      const auto count = [](std::uint64_t n) { return n == 0 ? "" : std::to_string(n); };
      row({title_of(party), when(party.since), when(party.until), places, count(party.impact.mails),
           count(party.impact.recipients), count(party.impact.accounts),
           count(party.impact.sender_domains),
           action::class_words(party.impact.classes, view_.language)});
    }
    end_table();
  }

  void evidence() {
    const bool any = std::any_of(one_.parties.begin(), one_.parties.end(), [](const auto& party) {
      return !party.words.empty() || !party.meaning.empty();
    });
    if (!any) return;
    heading(say("What they say", "Was sie sagen"));
    for (const model::CaseParty& party : one_.parties) {
      if (party.words.empty() && party.meaning.empty()) continue;
      out_ += fmt::format("<p>{}:{}</p>\n", html_text(title_of(party)), html_text(answer(party)));
      if (!party.words.empty())
        out_ += fmt::format("<pre>{}</pre>\n", html_text(theirs(party.words, party.id)));
      if (const std::string link = safe_link(party.url); !link.empty()) {
        out_ += fmt::format("<p><small>{}</small></p>\n", link);
      }
    }
  }

  // What was said between us and them, without those whose mail it was about.
  std::string theirs(const std::string& text, const std::string& party) const {
    if (view_.names) return text;
    model::Contact contact;
    for (const model::Contact& known : dossier_.contacts) {
      if (known.party == party) contact = known;
    }
    return action::without_strangers(text, contact, view_.language);
  }

  // A list's codes and what they mean, in our words: never among theirs.
  std::string answer(const model::CaseParty& party) const {
    if (party.meaning.empty()) return "";
    std::string codes;
    for (const auto& code : party.codes) codes += (codes.empty() ? "" : ", ") + code;
    return (codes.empty() ? " " : " " + std::string(say("code", "Code")) + " " + codes + ": ") +
           words(party.meaning);
  }

  // What we said ourselves, in the reader's language.
  std::string words(const std::string& said) const {
    return action::translated_list(view_.language, said);
  }

  void measures() {
    if (one_.causes.empty()) return;
    heading(say("What was done against the cause", "Was gegen die Ursache getan wurde"));
    std::vector<std::string_view> heads = {say("sender", "Absender"), say("stopped", "gestoppt"),
                                           say("let go", "freigegeben")};
    if (view_.names) heads.push_back(say("reason", "Grund"));
    table(heads);
    for (std::size_t i = 0; i < std::min(one_.causes.size(), causes_shown_max); ++i) {
      const model::CaseCause& cause = one_.causes[i];
      std::vector<std::string> cells = {sender(i), when(cause.stopped_at), when(cause.free_at)};
      if (view_.names) cells.push_back(words(cause.reason));
      row(cells);
    }
    end_table();
    if (one_.more_causes > 0) {
      out_ += fmt::format("<p>{} {}</p>\n", one_.more_causes, say("more", "weitere"));
    }
  }

  void requests() {
    if (one_.attempts.empty()) return;
    heading(say("What was asked of whom", "Wen wir worum gebeten haben"));
    table({say("when", "wann"), say("whom", "wen"), say("how", "wie"), say("to", "an"),
           say("what", "was"), say("outcome", "Ergebnis")});
    for (const model::CaseAttempt& attempt : one_.attempts) {
      std::string outcome(action::outcome_words(attempt.outcome, view_.language));
      if (attempt.answered_at) outcome += ", " + when(*attempt.answered_at);
      if (!attempt.answer.empty()) outcome += ": " + theirs(attempt.answer, attempt.party);
      row({when(attempt.at), title_of(attempt.party),
           std::string(action::step_words(attempt.step, view_.language)), attempt.to,
           theirs(attempt.text, attempt.party), outcome});
    }
    end_table();
  }

  void earlier() {
    const auto& figures = dossier_.report.parties;
    if (figures.empty()) return;
    heading(say("How they treated us so far", "Wie sie uns bisher behandelt haben"));
    table({say("who", "wer"), say("times", "Male"), say("usually for", "meist für"),
           say("requests", "Anfragen"), say("granted", "gewährt")});
    for (const action::PartyFigures& one : figures) {
      row({title_of(one.party), std::to_string(one.times),
           one.median ? base::format_span(*one.median) : "", std::to_string(one.attempts),
           std::to_string(one.accepted)});
    }
    end_table();
  }

  // What a line is about, without what is not to be told.
  std::string about(const model::CaseLine& line) const {
    if (line.event == CaseEvent::stopped || line.event == CaseEvent::freed ||
        line.event == CaseEvent::cause_added || line.event == CaseEvent::cause_removed) {
      const std::string text = sender(line.party);
      return view_.names && !line.text.empty() ? text + ": " + words(line.text) : text;
    }
    std::string who = line.party.empty() ? "" : title_of(line.party);
    std::string text = line.text;
    if (line.event == CaseEvent::attempt || line.event == CaseEvent::reminder) {
      const auto step = model::parse_case_step(text);
      if (step) text = action::step_words(*step, view_.language);
    } else if (line.event == CaseEvent::answer) {
      const auto outcome = model::parse_case_outcome(text);
      if (outcome) text = action::outcome_words(*outcome, view_.language);
    } else if (!view_.names && line.by != "cases" && line.event != CaseEvent::detour) {
      text.clear();  // a person's own words
    } else if (!view_.names && line.event == CaseEvent::detour) {
      text.resize(std::min(text.find(" ("), text.size()));  // a pool may be named after a customer
    }
    return who.empty() || text.empty() ? who + text : who + ": " + text;
  }

  void timeline() {
    heading(say("Timeline", "Verlauf"));
    table({say("when", "wann"), say("what", "was"), say("about", "worum")});
    for (const model::CaseLine& line : one_.lines) {
      if (!view_.names && line.event == CaseEvent::note) continue;
      row({when(line.at), std::string(say(event_words.at(static_cast<std::size_t>(line.event)))),
           about(line)});
    }
    end_table();
    if (one_.dropped_lines > 0) {
      out_ += fmt::format("<p>{} {}</p>\n", one_.dropped_lines,
                          say("lines were dropped to make room", "Zeilen wurden fallen gelassen"));
    }
  }

  const DossierReport& dossier_;
  const model::Case& one_;
  const DossierView view_;
  std::string out_;
};

}  // namespace

std::string dossier_html(const DossierReport& dossier, const DossierView& view) {
  return Dossier(dossier, view).page();
}

}  // namespace leumund::face
