// What a letter is told of the listings it is about.
#include "apps/daemon/case_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "action/letter_facts.h"

namespace leumund::apps {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

model::Listing listing_of(const std::string& place, bool sends) {
  model::Listing listing;
  listing.list = "psbl";
  listing.place = place;
  listing.sends = sends;
  return listing;
}

action::LetterInput input_for(std::vector<std::string> places) {
  action::LetterInput input;
  model::CaseParty party;
  party.id = "list:psbl";
  party.places = std::move(places);
  input.one.parties = {party};
  return input;
}

TEST(CaseLettersListings, TheListedAddressesOfANetworkAreToldAndNotTheNetwork) {
  auto network = listing_of("198.18.5.0/24", false);
  network.examples = {"198.18.5.77"};
  network.proof =
      "no flow to port 25 left 198.18.5.0/24 except from our own servers between "
      "2026-11-01T00:00:00Z and 2026-11-02T00:00:00Z";
  auto input = input_for({"198.18.5.0/24"});
  add_listings({network, listing_of("198.18.6.0/24", false)}, input);
  EXPECT_TRUE(input.unsent);
  ASSERT_THAT(input.networks, SizeIs(1));
  EXPECT_THAT(input.networks.front().addresses, ElementsAre("198.18.5.77"));
  EXPECT_EQ(action::first_place(input), "198.18.5.77");
  EXPECT_EQ(action::all_places(input), "198.18.5.77");
  EXPECT_EQ(input.unsent_since, base::parse_rfc3339("2026-11-01T00:00:00Z").value());
  EXPECT_FALSE(input.unsent_counted);
}

TEST(CaseLettersListings, OneThatSendsAmongThemIsNoPlaceWithoutMail) {
  auto network = listing_of("198.18.5.0/24", false);
  network.examples = {"198.18.5.77"};
  auto input = input_for({"198.18.5.0/24", "198.18.5.25"});
  add_listings({network, listing_of("198.18.5.25", true)}, input);
  EXPECT_FALSE(input.unsent);
  EXPECT_EQ(action::all_places(input), "198.18.5.77, 198.18.5.25");
}

}  // namespace
}  // namespace leumund::apps
