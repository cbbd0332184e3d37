#include "action/notice_text.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using model::Decision;
using model::DecisionKind;
using model::SubjectKind;

Decision burst() {
  Decision decision;
  decision.number = 17;
  decision.kind = DecisionKind::restricted;
  decision.at = base::TimePoint(std::chrono::seconds(1'795'284'000));
  decision.subject = {SubjectKind::account, "a@verein.example"};
  decision.by = decision.detector = "burst";
  decision.score = 14.1;
  decision.terms = {{"new_network", 2.0, "login from a new network", {}},
                    {"new_recipient", 9.7, "31 of 33 recipients never written to", {}},
                    {"volume", -1.0, "volume as usual", {}}};
  decision.restriction.subject = decision.subject;
  decision.restriction.since = decision.at;
  decision.restriction.automatic = true;
  decision.restriction.decision = 17;
  decision.recipients_before = 9;
  return decision;
}

TEST(NoticeText, TellsTheAdminFactsAndTheExactCommands) {
  const auto notice =
      restricted_notice(burst(), {.held = 4, .missing = 1, .trouble = ""}, Language::en);
  EXPECT_EQ(notice.subject, "[leumund] account:a@verein.example: no sending");
  for (const auto* line :
       {"  recipients out  9 before the stop\n",
        "  queued mail     4 on hold, 1 had left already\n",
        "  since           2026-11-21 18:00:00 UTC\n",
        "    +9.7  31 of 33 recipients never written to\n    +2.0  login from a new network\n",
        "  1. Look:     leumund explain account:a@verein.example\n",
        "--done password=WHO --done sessions=WHO --done forwards=WHO\n",
        "  A mistake?   leumund undo 17\n"}) {
    EXPECT_NE(notice.body.find(line), std::string::npos) << line << "\n---\n" << notice.body;
  }
  EXPECT_EQ(notice.body.find("volume as usual"), std::string::npos);
  EXPECT_EQ(notice.body.find("trouble"), std::string::npos);
  EXPECT_EQ(notice.body.find("{{"), std::string::npos);
}

Decision mailing() {
  Decision decision = burst();
  decision.subject = {SubjectKind::campaign, "7f3a09c2d1e4"};
  decision.by = decision.detector = "campaign";
  for (int i = 0; i < 60; ++i) decision.accounts.push_back("account:p" + std::to_string(i) + "@v");
  decision.messages = {"4XyZ", "4XyY"};
  return decision;
}

TEST(NoticeText, ACampaignIsToldWithItsMembersAndWhatEndsIt) {
  const auto notice =
      restricted_notice(mailing(), {.held = 1, .missing = 1, .trouble = ""}, Language::en);
  EXPECT_EQ(notice.subject,
            "[leumund] campaign:7f3a09c2d1e4: one mailing over 60 accounts is held");
  for (const auto* line :
       {"  already taken   2 mails to 9 recipients before it was seen\n",
        "  queued mail     1 on hold, 1 had left already\n", "  account:p0@v\n  account:p1@v\n",
        "  ... and 10 more\n", "leumund release campaign:7f3a09c2d1e4\n",
        "leumund queue campaign:7f3a09c2d1e4 --delete\n"}) {
    EXPECT_NE(notice.body.find(line), std::string::npos) << line << "\n---\n" << notice.body;
  }
  EXPECT_EQ(notice.body.find("account:p50@v"), std::string::npos);
  const auto german = restricted_notice(mailing(), {}, Language::de);
  EXPECT_NE(german.subject.find("über 60 Konten wird angehalten"), std::string::npos);
  const auto seen = observed_notice(mailing(), Language::de);
  EXPECT_NE(seen.body.find("der Detektor beobachtet nur"), std::string::npos) << seen.body;
}

TEST(NoticeText, SpeaksGerman) {
  const auto notice = restricted_notice(
      burst(), {.held = 0, .missing = 0, .trouble = "Helfer fehlt"}, Language::de);
  EXPECT_EQ(notice.subject, "[leumund] account:a@verein.example: kein Versand");
  EXPECT_NE(notice.body.find("Empfänger erreicht  9 vor dem Stopp\n"), std::string::npos)
      << notice.body;
  EXPECT_NE(notice.body.find("Störung             Helfer fehlt\n"), std::string::npos)
      << notice.body;
  EXPECT_NE(notice.body.find("+9,7  31 von 33 Empfängern nie zuvor angeschrieben\n"),
            std::string::npos)
      << notice.body;
}

TEST(NoticeText, EveryTemplateFillsInBothLanguages) {
  const auto decision = burst();
  for (const auto language : {Language::en, Language::de}) {
    for (const auto& notice :
         {restricted_notice(decision, {}, language), observed_notice(decision, language),
          alarm_notice(decision, language), collected_notice(std::vector(3, decision), language),
          digest_notice(std::vector(3, decision), decision.at, decision.at, language),
          owner_notice(decision, "helpdesk@c.test", language)}) {
      EXPECT_GT(notice.subject.size(), 5u);
      EXPECT_GT(notice.body.size(), 50u);
      EXPECT_EQ((notice.subject + notice.body).find("{{"), std::string::npos) << notice.body;
      EXPECT_EQ(notice.body.find('?') == 0, false);
    }
  }
}

TEST(NoticeText, TellsTheOwnerNoReasons) {
  const auto notice = owner_notice(burst(), "helpdesk@c.test", Language::en);
  EXPECT_NE(notice.body.find("helpdesk@c.test"), std::string::npos);
  EXPECT_EQ(notice.body.find("recipients never written"), std::string::npos);
  EXPECT_EQ(notice.body.find("network"), std::string::npos);
}

TEST(NoticeText, ADigestHasAnUndoForEachAutomaticRestriction) {
  std::vector<Decision> decisions;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    auto decision = burst();
    decision.number = number;
    decisions.push_back(decision);
  }
  decisions[1].kind = DecisionKind::would_restrict;
  const auto notice = digest_notice(decisions, decisions[0].at, decisions[0].at, Language::en);
  EXPECT_NE(notice.body.find("leumund undo 1\n"), std::string::npos) << notice.body;
  EXPECT_EQ(notice.body.find("leumund undo 2\n"), std::string::npos);
  EXPECT_NE(notice.body.find("leumund undo 3\n"), std::string::npos);
  EXPECT_NE(notice.body.find("only reported             1\n"), std::string::npos);
}

TEST(NoticeText, SaysWhatALongListLeavesOut) {
  const auto notice = collected_notice(std::vector(5000, burst()), Language::en);
  EXPECT_NE(notice.subject.find("5000"), std::string::npos);
  EXPECT_NE(notice.body.find("... and 4800 more"), std::string::npos);
  EXPECT_LT(notice.body.size(), 60'000u);
}

TEST(NoticeText, ACollectedMailNamesTheGravestAndTellsItFirst) {
  std::vector<Decision> decisions(30, burst());
  const auto subject = [&](Language language) {
    return collected_notice(decisions, language).subject;
  };
  EXPECT_EQ(subject(Language::en), "[leumund] 30 decisions at once");
  Decision campaign = burst();
  campaign.subject = {model::SubjectKind::campaign, "7f3a"};
  campaign.accounts.resize(60);
  decisions.push_back(campaign);
  EXPECT_EQ(subject(Language::en),
            "[leumund] a mailing over 60 accounts is held: 31 decisions at once");
  Decision refused;
  refused.kind = DecisionKind::provider_refuses;
  refused.subject = {model::SubjectKind::provider, "microsoft-consumer"};
  decisions.push_back(refused);
  EXPECT_EQ(subject(Language::en),
            "[leumund] microsoft-consumer refuses our mail: 32 decisions at once");
  EXPECT_EQ(subject(Language::de),
            "[leumund] microsoft-consumer weist unsere Post ab: 32 Entscheidungen auf einmal");
  const std::string body = collected_notice(decisions, Language::en).body;
  EXPECT_LT(body.find("provider:microsoft-consumer"), body.find("account:a@verein.example"));
  EXPECT_LT(body.find("campaign:7f3a"), body.find("account:a@verein.example"));
  EXPECT_EQ(digest_notice(decisions, refused.at, refused.at, Language::de).subject,
            "[leumund] in Ihrer Abwesenheit: microsoft-consumer weist unsere Post ab: 32 "
            "Entscheidungen");
}

TEST(NoticeText, AScriptHasItsOwnStepsAndNoneOfAnAccounts) {
  auto decision = burst();
  decision.subject = {model::SubjectKind::script, "uid33:contact.php"};
  const std::string de = restricted_notice(decision, {}, Language::de).body;
  const std::string en = restricted_notice(decision, {}, Language::en).body;
  EXPECT_EQ(de.find("Empfangen kann"), std::string::npos) << de;
  EXPECT_EQ(de.find("neues Passwort"), std::string::npos) << de;
  EXPECT_NE(de.find("2. Skript prüfen:"), std::string::npos) << de;
  EXPECT_EQ(en.find("may still receive"), std::string::npos) << en;
  EXPECT_NE(en.find("2. Look at the script:"), std::string::npos) << en;
  EXPECT_NE(en.find("--done script=WHO"), std::string::npos) << en;
}

TEST(NoticeText, ACollectedMailSpeaksGermanInItsSecondColumnToo) {
  std::vector<Decision> all;
  for (int kind = 0; kind <= static_cast<int>(DecisionKind::case_due); ++kind) {
    all.push_back(burst());
    all.back().kind = static_cast<DecisionKind>(kind);
  }
  const std::string text = collected_notice(all, Language::de).body;
  for (const Decision& one : all) {
    const std::string name = "  " + std::string(model::decision_kind_name(one.kind)) + " ";
    if (one.kind == DecisionKind::alarm) continue;  // a German word
    EXPECT_EQ(text.find(name), std::string::npos) << text;
  }
  EXPECT_NE(text.find("  eingeschränkt    account:a@verein.example"), std::string::npos) << text;
}

TEST(NoticeText, QuotesNamesForTheShell) {
  EXPECT_EQ(shell_argument("account:a@v.example"), "account:a@v.example");
  EXPECT_EQ(shell_argument("a b"), "'a b'");
  EXPECT_EQ(shell_argument("x';rm -rf /;'"), "'x'\\'';rm -rf /;'\\'''");
  EXPECT_EQ(shell_argument("$(id)"), "'$(id)'");
  EXPECT_EQ(shell_argument(""), "''");
}

TEST(NoticeText, KeepsControlCharactersOfANameOutOfTheSubject) {
  auto decision = burst();
  decision.subject.name = "a\nBcc: everybody@x.test";
  const auto notice = restricted_notice(decision, {}, Language::en);
  EXPECT_EQ(notice.subject.find('\n'), std::string::npos);
}

TEST(FillTemplate, LeavesOutLinesWhoseFactsAreAllEmpty) {
  const auto notice =
      fill_template("s {{a}}\n\nkeep\n  {{none}} gone\n  {{a}}{{none}} half\n  {{lines}}\n",
                    {{"a", "A"}, {"lines", "1\n2"}});
  EXPECT_EQ(notice.subject, "s A");
  EXPECT_EQ(notice.body, "keep\n  A half\n  1\n  2\n");
}

}  // namespace
}  // namespace leumund::action
