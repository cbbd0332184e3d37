// What the admin is told when something has to be done in a case.
#include <fmt/core.h>

#include <algorithm>

#include "action/letter.h"
#include "action/notice_text.h"
#include "action/one_line.h"

namespace leumund::action {
namespace {

using model::CaseStep;

constexpr std::size_t text_bytes_max = 400;

NoticeText review_notice(const model::Decision& decision, bool german) {
  const model::CaseNews& news = *decision.case_news;
  const std::string about = one_line(decision.subject.to_string(), 200);
  return fill_template(
      notice_template("casedue", german ? Language::de : Language::en),
      {{"case", std::to_string(news.number)},
       {"title", about},
       {"about", about},
       {"what", german ? "Wiedervorlage" : "review"},
       {"sentence", german
                        ? "Seit einiger Zeit steht nichts mehr gegen uns. Sehen Sie nach, ob die "
                          "Ursache wirklich weg ist."
                        : "Nothing has stood against us for a while. See whether the cause is "
                          "really gone."},
       {"party", ""},
       {"step", ""},
       {"url", ""},
       {"do", german ? "Steht noch etwas? leumund block-matrix, leumund lists"
                     : "Is anything left? leumund block-matrix, leumund lists"},
       {"letter", ""},
       {"command", fmt::format("leumund case {} review --text \"...\"", news.number)},
       {"advice", ""},
       {"number", std::to_string(decision.number)}});
}

// "form:accepted" in words.
std::string request_words(const std::string& name, Language language) {
  const auto colon = std::min(name.find(':'), name.size());
  const auto step = model::parse_case_step(name.substr(0, colon));
  const auto outcome = model::parse_case_outcome(name.substr(std::min(colon + 1, name.size())));
  if (!step || !outcome) return name;
  return fmt::format("{}, {}", step_words(*step, language), outcome_words(*outcome, language));
}

// What was done the last time, when the next case opens.
NoticeText opened_notice(const model::Decision& decision, Language language) {
  constexpr std::size_t requests_max = 10;
  const model::CaseNews& news = *decision.case_news;
  std::string worked;
  for (std::size_t i = 0; i < std::min(decision.terms.size(), requests_max); ++i) {
    const model::Term& term = decision.terms[i];
    worked += (i == 0 ? "" : "\n") + request_words(term.name, language);
    if (!term.text.empty()) worked += ": " + one_line(term.text, text_bytes_max);
  }
  return fill_template(notice_template("caseopened", language),
                       {{"case", std::to_string(news.number)},
                        {"title", one_line(news.title, 100)},
                        {"about", one_line(decision.subject.to_string(), 200)},
                        {"party", one_line(news.line.party, 200)},
                        {"worked", worked},
                        {"command", fmt::format("leumund case {} letter --party {}", news.number,
                                                shell_argument(news.line.party))},
                        {"number", std::to_string(decision.number)}});
}

}  // namespace

NoticeText case_notice(const model::Decision& decision, Language language) {
  const bool german = language == Language::de;
  if (!decision.case_news) return {};
  const model::CaseNews& news = *decision.case_news;
  if (news.what == model::CaseNews::What::opened) return opened_notice(decision, language);
  if (!news.step) return review_notice(decision, german);
  const bool first = *news.step == CaseStep::form || *news.step == CaseStep::upstream ||
                     *news.step == CaseStep::postmaster;
  return fill_template(
      notice_template("casedue", language),
      {{"case", std::to_string(news.number)},
       {"title", one_line(news.title, 100)},
       {"about", one_line(decision.subject.to_string(), 200)},
       {"what", german ? "es steht noch" : "it still stands"},
       {"sentence", german ? fmt::format("{} steht noch gegen uns, und keine Anfrage ist offen.",
                                         one_line(news.title, 100))
                           : fmt::format("{} is still against us, and no request is under way.",
                                         one_line(news.title, 100))},
       {"party", one_line(news.line.party, 200)},
       {"step", std::string(step_words(*news.step, language))},
       {"url", one_line(news.url, text_bytes_max)},
       {"do", *news.step == CaseStep::given_up ? (german ? "Ein Umweg auf Dauer: leumund detour"
                                                         : "A detour for good: leumund detour")
              : german                         ? "Ist die Ursache gestoppt? Erst dann fragen."
                                               : "Is the cause stopped? Only then ask."},
       {"letter", fmt::format("leumund case {} letter --party {} --channel {}", news.number,
                              shell_argument(news.line.party), model::case_step_name(*news.step))},
       {"command", fmt::format("leumund case {} attempt --party {} --channel {}", news.number,
                               shell_argument(news.line.party), model::case_step_name(*news.step))},
       {"advice", first    ? ""
                  : german ? "Was früher half, steht im Fall."
                           : "What helped before stands in the case."},
       {"number", std::to_string(decision.number)}});
}

}  // namespace leumund::action
