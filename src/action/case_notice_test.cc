#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "action/notice_text.h"

namespace leumund::action {
namespace {

using testing::HasSubstr;
using testing::Not;

model::Decision due() {
  model::Decision decision;
  decision.number = 44;
  decision.kind = model::DecisionKind::case_due;
  decision.subject = {model::SubjectKind::egress, "out1"};
  model::CaseNews news;
  news.what = model::CaseNews::What::due;
  news.number = 7;
  news.title = "Spamhaus XBL\r\nBcc: x@evil.example";
  news.url = "https://check.spamhaus.org/";
  news.step = model::CaseStep::form;
  news.line.party = "list:spamhaus-xbl";
  decision.case_news = news;
  return decision;
}

TEST(CaseNotice, NamesTheCaseTheNextStepAndTheCommandThatRecordsIt) {
  const auto notice = case_notice(due(), Language::en);
  EXPECT_THAT(notice.subject, HasSubstr("case 7, Spamhaus XBL"));
  for (const char* line : {"leumund case 7\n", "https://check.spamhaus.org/", "about egress:out1",
                           "leumund case 7 attempt --party list:spamhaus-xbl --channel form\n"}) {
    EXPECT_THAT(notice.body, HasSubstr(line));
  }
  EXPECT_THAT(notice.body, Not(HasSubstr("\nBcc"))) << "a name adds no lines of its own";
  EXPECT_THAT(notice.body, Not(HasSubstr("{{")));
  EXPECT_THAT(case_notice(due(), Language::de).body,
              HasSubstr("steht noch gegen uns, und keine Anfrage ist offen."));
}

TEST(CaseNotice, AReviewAsksToLookAndNamesNoParty) {
  auto decision = due();
  decision.case_news->step.reset();
  decision.case_news->title.clear();
  for (const Language language : {Language::en, Language::de}) {
    const auto notice = case_notice(decision, language);
    EXPECT_THAT(notice.body, HasSubstr("leumund case 7 review --text"));
    EXPECT_THAT(notice.body, Not(HasSubstr("{{")));
    EXPECT_THAT(notice.body, Not(HasSubstr("attempt")));
  }
  EXPECT_THAT(case_notice(decision, Language::de).subject, HasSubstr("Wiedervorlage"));
}

TEST(CaseNotice, WhoComesBackIsToldWithWhatHelpedTheLastTime) {
  auto decision = due();
  decision.kind = model::DecisionKind::case_opened;
  decision.case_news->what = model::CaseNews::What::opened;
  decision.case_news->step.reset();
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"form:unanswered", "https://check.spamhaus.org/"},
           {"postmaster:accepted", "desk@x.example \"done\"\r\nBcc: y@evil.example"}}) {
    model::Term term;
    term.name = name;
    term.text = text;
    decision.terms.push_back(term);
  }
  const auto english = case_notice(decision, Language::en);
  EXPECT_THAT(english.subject, HasSubstr("what helped the last time"));
  EXPECT_THAT(english.body,
              HasSubstr("  their form or page, not answered: https://check.spamhaus.org/\n"
                        "  their postmaster, a person, granted: desk@x.example \"done\""));
  EXPECT_THAT(english.body, HasSubstr("leumund case 7 letter --party list:spamhaus-xbl"));
  EXPECT_THAT(english.body, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(case_notice(decision, Language::de).body, HasSubstr("einen Menschen dort, gewährt"));
}

}  // namespace
}  // namespace leumund::action
