#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "action/notice_text.h"

namespace leumund::action {
namespace {

using testing::HasSubstr;
using testing::Not;

model::Decision listed() {
  model::Decision decision;
  decision.number = 21;
  decision.kind = model::DecisionKind::listed;
  decision.at = base::TimePoint(std::chrono::seconds(1'795'284'600));
  decision.subject = {model::SubjectKind::egress, "out1"};
  model::Listing listing;
  listing.place = "192.0.2.25";
  listing.egress = "out1";
  listing.list = "uceprotect-1";
  listing.list_name = "UCEPROTECT Level 1";
  listing.scope = "address";
  listing.mender = "time";
  listing.codes = {"127.0.0.2"};
  listing.meaning = "trap hit";
  listing.reason = "IP 192.0.2.25 is listed\r\nBcc: x@evil.example";
  listing.since = decision.at;
  listing.predatory = true;
  listing.delist_url = "https://www.uceprotect.net/";
  decision.listing = listing;
  return decision;
}

TEST(ListingNotice, TellsWhereSinceWhenWhatItMeansAndWhoCanMendIt) {
  const auto notice = listing_notice(listed(), Language::en);
  EXPECT_EQ(notice.subject, "[leumund] 192.0.2.25 is listed on UCEPROTECT Level 1");
  for (const char* line :
       {"since         2026-11-21 18:10:00 UTC\n", "egress        out1\n",
        "it means      trap hit\n", "nobody: the entry ends by itself",
        "leumund lookup 192.0.2.25\n", "Do not pay", "list says     IP 192.0.2.25 is listed"}) {
    EXPECT_THAT(notice.body, HasSubstr(line));
  }
  EXPECT_THAT(notice.body, Not(HasSubstr("\nBcc"))) << "a list adds no lines of its own";
  EXPECT_THAT(notice.body, Not(HasSubstr("sent from it"))) << "our mail does leave from it";
  EXPECT_THAT(notice.body, Not(HasSubstr("{{")));
}

TEST(ListingNotice, OfANetworkSaysOnlyWhatIsKnownOfItsMail) {
  auto decision = listed();
  decision.listing->place = "192.0.2.0/24";
  decision.listing->sends = false;
  decision.listing->addresses = 40;
  decision.listing->examples = {"192.0.2.4", "192.0.2.5"};
  EXPECT_THAT(listing_notice(decision, Language::en).body,
              HasSubstr("sent from it  no mail through our servers\n"));
  EXPECT_THAT(listing_notice(decision, Language::en).body,
              HasSubstr("192.0.2.4, 192.0.2.5 and 38 more"));
  EXPECT_THAT(listing_notice(decision, Language::de).body, HasSubstr("und 38 weitere"));
}

TEST(ListingNotice, TellsWhatIsNoLongerSetUpAsReceiversWantIt) {
  model::Decision fault;
  fault.kind = model::DecisionKind::setup_fault;
  fault.subject = {model::SubjectKind::egress, "out1"};
  fault.restriction.reason = "192.0.2.25 has no reverse name";
  const auto english = listing_notice(fault, Language::en);
  EXPECT_THAT(english.subject, HasSubstr("egress:out1: 192.0.2.25 has no reverse name"));
  EXPECT_THAT(english.body, HasSubstr("leumund hygiene --now"));
  const auto german = listing_notice(fault, Language::de);
  EXPECT_THAT(german.subject, HasSubstr("egress:out1: 192.0.2.25 hat keinen Rückwärtsnamen"));
  EXPECT_THAT(german.body, Not(HasSubstr("has no reverse")));
  fault.kind = model::DecisionKind::setup_well;
  EXPECT_THAT(listing_notice(fault, Language::de).subject, HasSubstr("wieder richtig"));
}

TEST(ListingNotice, SpeaksGermanAndTellsTheEndAndTheFaultsOfLists) {
  auto decision = listed();
  EXPECT_THAT(listing_notice(decision, Language::de).body, HasSubstr("Zahlen Sie nicht"));
  decision.kind = model::DecisionKind::delisted;
  decision.listing->until = decision.at + std::chrono::hours(2);
  EXPECT_THAT(listing_notice(decision, Language::en).subject, HasSubstr("no longer listed"));
  EXPECT_THAT(listing_notice(decision, Language::de).body, HasSubstr("2026-11-21 20:10:00 UTC"));
  model::Decision fault;
  fault.kind = model::DecisionKind::list_fault;
  fault.list_fault = model::ListFault{"x", "X list", "lists the world", decision.at, {}};
  EXPECT_THAT(listing_notice(fault, Language::en).body,
              HasSubstr("does NOT mean that we are listed"));
  EXPECT_THAT(listing_notice(fault, Language::de).body, HasSubstr("lists the world"));
  fault.kind = model::DecisionKind::list_well;
  EXPECT_THAT(listing_notice(fault, Language::de).subject, HasSubstr("wieder in Ordnung"));
}

}  // namespace
}  // namespace leumund::action
