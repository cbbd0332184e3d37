// A case keeps apart what the other end said and what we make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "action/case_book.h"

namespace leumund::action {
namespace {

TEST(CaseWords, WhatAListDidNotSayItselfIsNotAmongItsWords) {
  CaseBook book;
  model::Decision told;
  told.kind = model::DecisionKind::listed;
  told.number = 1;
  model::Listing listing;
  listing.place = "192.0.2.25";
  listing.list = "xbl";
  listing.codes = {"127.0.0.4"};
  listing.meaning = "infected host";
  told.listing = listing;
  book.take(told);
  const auto& party = book.find(1)->parties[0];
  EXPECT_EQ(party.words, "");
  EXPECT_EQ(party.meaning, "infected host");
  EXPECT_THAT(party.codes, testing::ElementsAre("127.0.0.4"));
}

}  // namespace
}  // namespace leumund::action
