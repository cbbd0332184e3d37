// One notice of each kind and language, as it was read (tests/golden/notices).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apps/daemon/listing_decision.h"
#include "apps/daemon/notices_world.h"
#include "intake/watch_files.h"

namespace leumund::action {
namespace {

void expect_golden(const std::string& name, const NoticeText& notice, Language language) {
  expect_whole(notice, language, {"Spamhaus ZEN", "UCEPROTECT Level 2", "detectors.campaign.mode"},
               name + ": ");
  const std::string file_name = name + (language == Language::de ? ".de.txt" : ".en.txt");
  const auto file = std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/notices" / file_name;
  const std::string text = "Subject: " + notice.subject + "\n\n" + notice.body;
  if (std::getenv("LEUMUND_RECORD") != nullptr) std::ofstream(file) << text;
  std::ifstream in(file);
  std::stringstream kept;
  kept << in.rdbuf();
  EXPECT_EQ(text, kept.str()) << file_name << ": ./dev golden writes it anew; read it then";
}

template <class Make>
void golden(const std::string& name, Make make) {
  for (const auto language : both) expect_golden(name, make(language), language);
}

TEST(NoticesGolden, OfProvidersAreAsTheyWereRead) {
  const std::string id = "microsoft-consumer";
  golden("blocked",
         [&](auto language) { return block_notice(refusal(id, Facts::full, true), language); });
  golden("blocked_bare",
         [&](auto language) { return block_notice(refusal(id, Facts::bare, true), language); });
  golden("unblocked",
         [&](auto language) { return block_notice(refusal(id, Facts::full, false), language); });
  const auto detour = [&](const std::string& name, const DetourShape& shape) {
    golden("detour_" + name,
           [&](auto language) { return detour_notice(detoured(id, shape), language); });
  };
  for (const auto phase : all_phases) {
    detour(std::string(model::detour_phase_name(phase)), {.phase = phase, .full = true});
  }
  detour("open_home", {.home = true});
  detour("open_by_hand", {.by_hand = true});
  detour("open_home_by_hand", {.home = true, .by_hand = true});
  detour("open_planned", {.planned = true});
  detour("open_pool", {.pool = true, .full = true});
  detour("capped_pool", {.phase = DetourPhase::capped, .pool = true});
  detour("deferred_pool", {.phase = DetourPhase::deferred, .pool = true});
  for (const auto kind : {SubjectKind::account, SubjectKind::forward, SubjectKind::domain}) {
    golden("undelivered_" + std::string(model::subject_kind_name(kind)), [&](auto language) {
      return undelivered_notice(undelivered(kind, id, true, true), {{id, "Outlook.com"}},
                                "helpdesk@example.org", language);
    });
  }
}

const diagnosis::DnsList& list_named(std::string_view id) {
  return *std::find_if(known().lists.begin(), known().lists.end(),
                       [&](const auto& one) { return one.id == id; });
}

model::Listing listing_on(std::string_view id, const char* code) {
  const auto& list = list_named(id);
  const auto answer = diagnosis::read_list_answer(list, std::array{*base::IpAddress::parse(code)});
  return listing_of(list, answer, "192.0.2.25", Facts::full);
}

TEST(NoticesGolden, OfListsAndCasesAreAsTheyWereRead) {
  const auto listed = [](const std::string& name, const model::Listing& listing) {
    golden(name, [&](auto language) {
      auto decision = apps::decision_of(listing, "watch", night);
      decision.number = 17;
      return listing_notice(decision, language);
    });
  };
  listed("listed", listing_on("spamhaus-zen", "127.0.0.4"));
  listed("listed_policy", listing_on("spamhaus-zen", "127.0.0.10"));
  listed("listed_predatory", listing_on("uceprotect-2", "127.0.0.2"));
  auto network = listing_on("spamhaus-zen", "127.0.0.2");
  network.place = "192.0.2.0/24";
  network.egress.clear();
  network.sends = false;
  network.addresses = 40;
  network.examples = {"192.0.2.4", "192.0.2.5"};
  network.proof = intake::sent_proof(
      {{*base::IpPrefix::parse("192.0.2.0/24"), 77, night, night + hours(3)}}, {}, network.place);
  listed("listed_network", network);
  auto gone = listing_on("spamhaus-zen", "127.0.0.4");
  gone.until = night + hours(30);
  listed("delisted", gone);
  auto fault = about(DecisionKind::list_fault, {SubjectKind::list, "spamhaus-zen"});
  const auto refused = diagnosis::read_list_answer(
      list_named("spamhaus-zen"), std::array{*base::IpAddress::parse("127.255.255.254")});
  fault.list_fault = model::ListFault{"spamhaus-zen", "Spamhaus ZEN", refused.trouble, night, {}};
  golden("listfault", [&](auto language) { return listing_notice(fault, language); });
  fault.kind = DecisionKind::list_well;
  fault.list_fault->until = night + hours(3);
  golden("listwell", [&](auto language) { return listing_notice(fault, language); });
  const std::string page = "https://check.spamhaus.org/";
  const auto casedue = [&](const std::string& name, std::optional<model::CaseStep> step) {
    golden(name, [&](auto language) {
      return case_notice(due("list:spamhaus-zen", "Spamhaus ZEN", page, step), language);
    });
  };
  casedue("casedue", model::CaseStep::form);
  casedue("casedue_upstream", model::CaseStep::upstream);
  casedue("casedue_given_up", model::CaseStep::given_up);
  casedue("casedue_review", {});
  golden("caseopened", [&](auto language) {
    auto decision = opened_again("list:spamhaus-zen", "Spamhaus ZEN");
    decision.terms.resize(3);
    return case_notice(decision, language);
  });
  for (const bool well : {false, true}) {
    golden(well ? "setupwell" : "setupfault", [&](auto language) {
      auto decision = about(well ? DecisionKind::setup_well : DecisionKind::setup_fault,
                            {SubjectKind::egress, "out1"});
      decision.restriction.since = night;
      decision.restriction.reason =
          "192.0.2.25 has no reverse name; HELO mail.example.org is 192.0.2.26, not 192.0.2.25";
      return listing_notice(decision, language);
    });
  }
}

Decision stopped(SubjectKind kind, DecisionKind what) {
  auto decision =
      about(what, {kind, kind == SubjectKind::campaign ? "7f3a09c2d1e4" : "anna@verein.example"});
  decision.by = decision.detector = kind == SubjectKind::campaign ? "campaign" : "burst";
  decision.terms = {{"new_recipient", 9.7, "31 of 33 recipients never written to", {}},
                    {"silence", 2.0, "silent for 12 days before", {}}};
  decision.restriction.automatic = what == DecisionKind::restricted;
  decision.restriction.since = decision.at;
  if (kind == SubjectKind::campaign) {
    decision.restriction.level = model::Level::hold;
    decision.accounts = {"account:anna@verein.example", "account:bert@firma.example"};
    decision.messages = {"4XyZ", "4XyY", "4XyX"};
  }
  decision.recipients_before = kind == SubjectKind::campaign ? 41 : 9;
  return decision;
}

TEST(NoticesGolden, OfSendersAreAsTheyWereRead) {
  for (const auto kind : {SubjectKind::account, SubjectKind::campaign}) {
    const std::string name = kind == SubjectKind::campaign ? "_campaign" : "";
    golden("restricted" + name, [&](auto language) {
      return restricted_notice(stopped(kind, DecisionKind::restricted),
                               {.held = 4, .missing = 1, .trouble = ""}, language);
    });
    golden("observed" + name, [&](auto language) {
      return observed_notice(stopped(kind, DecisionKind::would_restrict), language);
    });
    golden("over" + name, [&](auto language) {
      return over_notice(stopped(kind, DecisionKind::ended), 3, kind == SubjectKind::campaign,
                         language);
    });
  }
  golden("owner", [](auto language) {
    return owner_notice(stopped(SubjectKind::account, DecisionKind::restricted),
                        "helpdesk@example.org", language);
  });
  golden("alarm", [](auto language) {
    auto decision = about(DecisionKind::alarm, {});
    decision.restriction.reason =
        "unattended bound of 12 restrictions an hour is reached; further findings are only "
        "reported";
    return alarm_notice(decision, language);
  });
  std::vector<Decision> many = {
      stopped(SubjectKind::account, DecisionKind::restricted),
      stopped(SubjectKind::account, DecisionKind::would_restrict),
      refusal("microsoft-consumer", Facts::full, true), detoured("microsoft-consumer", {}),
      apps::decision_of(listing_on("spamhaus-zen", "127.0.0.4"), "watch", night)};
  golden("digest",
         [&](auto language) { return digest_notice(many, night - hours(48), night, language); });
  golden("collected", [&](auto language) { return collected_notice(many, language); });
  golden("digest_quiet", [&](auto language) {
    return digest_notice(std::span(many).last(1), night - hours(48), night, language);
  });
}

}  // namespace
}  // namespace leumund::action
