#include "wire/trace_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const base::HashKey our_key{.bytes = {7, 7, 7}};

TraceToken sample() {
  return {.made_at = base::parse_rfc3339("2026-11-03T12:34:56Z").value(),
          .recipient_mark = recipient_mark(our_key, "Erika@Ziel.example"),
          .id = "policy/5f3c.65f2a1.3.0",
          .subject = "account:kasse@verein.example"};
}

TEST(TraceToken, IsReadBackToTheHour) {
  const auto read = read_trace_token(our_key, make_trace_token(our_key, sample()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->made_at, base::parse_rfc3339("2026-11-03T12:00:00Z").value());
  EXPECT_EQ(read->id, sample().id);
  EXPECT_EQ(read->subject, sample().subject);
  EXPECT_EQ(read->recipient_mark, recipient_mark(our_key, "erika@ziel.example"));
}

TEST(TraceToken, FitsAHeaderLineAndTellsNobodyTheAccount) {
  const std::string token = make_trace_token(our_key, sample());
  EXPECT_THAT(token, StartsWith("v1."));
  EXPECT_THAT(token, Not(HasSubstr("verein")));
  EXPECT_LT(token.size(), 200U);
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_."),
            std::string::npos);
}

TEST(TraceToken, NamesOfSimilarLengthGiveTokensOfTheSameLength) {
  TraceToken one = sample();
  TraceToken other = sample();
  one.subject = "account:ab@x.example";
  other.subject = "account:abcd@x.example";
  EXPECT_EQ(make_trace_token(our_key, one).size(), make_trace_token(our_key, other).size());
  EXPECT_NE(make_trace_token(our_key, one), make_trace_token(our_key, other));
}

TEST(TraceToken, OfAnotherKeyOrVersionOrChangedIsNotOurs) {
  std::string token = make_trace_token(our_key, sample());
  EXPECT_FALSE(read_trace_token({.bytes = {7, 7, 8}}, token));
  std::string other_version = token;
  other_version[1] = '2';
  EXPECT_FALSE(read_trace_token(our_key, other_version));
  EXPECT_FALSE(read_trace_token(our_key, token + "A"));
  EXPECT_FALSE(read_trace_token(our_key, token.substr(0, token.size() - 4)));
  EXPECT_FALSE(read_trace_token(our_key, ""));
  EXPECT_FALSE(read_trace_token(our_key, "v1."));
  EXPECT_FALSE(read_trace_token(our_key, "v1.%%%%"));
  token[40] = token[40] == 'x' ? 'y' : 'x';
  EXPECT_FALSE(read_trace_token(our_key, token));
}

TEST(TraceToken, WhatDoesNotFitGivesNone) {
  TraceToken long_id = sample();
  long_id.id.assign(256, 'x');
  EXPECT_EQ(make_trace_token(our_key, long_id), "");
  TraceToken long_subject = sample();
  long_subject.subject.assign(700, 'x');
  EXPECT_EQ(make_trace_token(our_key, long_subject), "");
  TraceToken nobody = sample();
  nobody.subject = "";
  EXPECT_EQ(make_trace_token(our_key, nobody), "");
  TraceToken longest = sample();
  longest.subject.assign(328, 'x');  // "account:" and a name of 320 bytes
  EXPECT_NE(make_trace_token(our_key, longest), "");
}

}  // namespace
}  // namespace leumund::wire
