#include "diagnosis/text_view.h"

#include <gtest/gtest.h>

#include <string>

#include "diagnosis/literal_set.h"
#include "diagnosis/pattern_split.h"

namespace leumund::diagnosis {
namespace {

// Knows one list, so that the test needs no registry.
class OneList : public HostOracle {
 public:
  std::uint32_t list_of_host(std::string_view host) const override {
    return host.ends_with("dnsbl.example") ? 7 : 0;
  }
};

class TextViewTest : public testing::Test {
 protected:
  std::string masked(std::string_view text) {
    view_.read(text, OneList());
    return std::string(view_.masked());
  }
  std::string plain(std::string_view text) {
    view_.read(text, OneList());
    return std::string(view_.plain());
  }
  TextView view_;
};

TEST_F(TextViewTest, NamesNumbersAndAddressesAreMasked) {
  EXPECT_EQ(masked("550 5.7.1 <spamhaus-team@a.example>: host mx1.b.example[198.51.100.7] said"),
            "0 0.0.0 <ADDR>: host HOST[IP] said");
  EXPECT_EQ(masked("see https://x.example/a?ip=192.0.2.1, or www.y.example."), "see URL, or URL.");
  EXPECT_EQ(masked("192.0.2.0/24 2001:db8::25 IPv6:2001:db8::1 bl.dnsbl.example"),
            "NET IP ipv0:IP ZONE");
  EXPECT_EQ(masked("http://bl.dnsbl.example/?192.0.2.1"), "PAGE");
}

TEST_F(TextViewTest, WordsAndVersionsAreNotMistakenForNames) {
  EXPECT_EQ(masked("refused.please 5.7.1 1.2.3.4.5 999.1.2.3 e.g. gsmtp.169"),
            "refused.please 0.0.0 0.0.0.0.0 0.0.0.0 e.g. gsmtp.0");
}

TEST_F(TextViewTest, AccentsAndCapitalsFoldWhateverTheCharset) {
  EXPECT_EQ(plain("Bo\xC3\xAEte pleine, r\xE9put\xC3\xA9"), "boite pleine, repute");
  EXPECT_EQ(plain("Stra\xC3\x9F"
                  "e gro\xDF"),
            "strasse gross");
  EXPECT_EQ(plain("doesn\xE2\x80\x99t"), "doesn't");
  EXPECT_EQ(plain("\xD0\x9F\xD0\xBE\xD0\xA2"), "\xD0\xBF\xD0\xBE\xD1\x82");
}

TEST_F(TextViewTest, PrefixesOfFurtherLinesAreDropped) {
  EXPECT_EQ(plain("550-5.7.1 This does\r\n550-5.7.1 not meet\r\n550 5.7.1 it"),
            "550 5.7.1 this does not meet it");
  EXPECT_EQ(plain("554-gmx.net no 554-IP address is black listed."),
            "554 gmx.net no ip address is black listed.");
}

TEST_F(TextViewTest, AQueryNameGivesTheAddressTurnedRound) {
  masked("7.2.0.192.bl.dnsbl.example");
  ASSERT_EQ(view_.entities().size(), 1U);
  EXPECT_TRUE(view_.entities()[0].reversed);
  EXPECT_EQ(view_.entities()[0].address.to_string(), "192.0.2.7");
}

TEST_F(TextViewTest, MaskedWordsLeadBackToTheTextAsItWasWritten) {
  const std::string text =
      "550 \xC3\x9C"
      "ber 192.0.2.1  Gesperrt";
  view_.read(text, OneList());
  const std::size_t at = view_.masked().find("gesperrt");
  EXPECT_EQ(view_.raw(view_.plain_offset(at), view_.plain().size()), "Gesperrt");
}

TEST(PatternSplit, GapsComeApartAndPlainAlternativesStay) {
  const SplitPattern split = split_pattern("mailbox[^.]{0,40}full|overquota|a{0,2}b");
  EXPECT_EQ(split.plain, "overquota|a{0,2}b");
  ASSERT_EQ(split.sequences.size(), 1U);
  EXPECT_EQ(split.sequences[0][0].re, "mailbox");
  EXPECT_EQ(split.sequences[0][1].re, "full");
  EXPECT_EQ(split.sequences[0][1].gap_bytes, 40U);
  EXPECT_EQ(split.sequences[0][1].not_in_gap, ".");
}

TEST(LiteralSet, FinitePiecesAreWrittenOut) {
  const auto texts = write_out("\\bno (such )?(user|mailbox(es)?)\\b");
  ASSERT_TRUE(texts.has_value());
  EXPECT_EQ(texts->size(), 6U);
  EXPECT_TRUE(texts->front().word_begin && texts->front().word_end);
  EXPECT_FALSE(write_out("a.b").has_value());
  EXPECT_FALSE(write_out("a+").has_value());
  EXPECT_FALSE(write_out("[^a]").has_value());
  EXPECT_TRUE(write_out("block\\w*").has_value());
  EXPECT_FALSE(write_out("block\\w* by").has_value());
}

}  // namespace
}  // namespace leumund::diagnosis
