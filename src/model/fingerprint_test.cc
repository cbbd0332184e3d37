#include "model/fingerprint.h"

#include <gtest/gtest.h>

namespace leumund::model {
namespace {

Fingerprint sample() {
  Fingerprint print;
  print.text = TextKind::full;
  print.mail_class = MailClass::invoice;
  print.words = 321;
  print.set(MailSign::reply);
  for (std::size_t i = 0; i < Fingerprint::sketch_size; ++i) {
    print.sketch[i] = static_cast<std::uint16_t>(i * 977);
  }
  for (std::uint32_t i = 0; i < 5; ++i) print.phrases[print.phrase_count++] = i * 1000;
  EXPECT_TRUE(print.add_facet(FacetKind::subject, 7));
  EXPECT_TRUE(print.add_facet(FacetKind::helo, ~std::uint64_t{0}));
  return print;
}

TEST(Fingerprint, ARecordGivesItBack) {
  std::string record;
  append_fingerprint(sample(), record);
  const auto read = read_fingerprint(record);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, sample());
  EXPECT_LT(record.size(), 200U);
}

TEST(Fingerprint, BrokenRecordsAreRefused) {
  std::string record;
  append_fingerprint(sample(), record);
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(read_fingerprint(std::string_view(record).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(read_fingerprint(record + "x").ok());
  for (const std::size_t at : {0U, 1U, 2U, 8U, 9U, 10U}) {
    std::string broken = record;
    broken[at] = '\x7f';
    EXPECT_FALSE(read_fingerprint(broken).ok()) << at;
  }
}

TEST(Fingerprint, SimilarityCountsEqualPlaces) {
  const Fingerprint a = sample();
  Fingerprint b = a;
  EXPECT_DOUBLE_EQ(similarity(a, b), 1);
  for (std::size_t i = 0; i < 16; ++i) b.sketch[i] = 1;
  EXPECT_DOUBLE_EQ(similarity(a, b), 0.75);
  b.text = TextKind::brief;
  EXPECT_DOUBLE_EQ(similarity(a, b), 0);
}

TEST(Fingerprint, BandsAreEqualWhereTheirRowsAre) {
  const Fingerprint a = sample();
  Fingerprint b = a;
  b.sketch[5] ^= 1U;
  const auto keys = band_keys(a);
  const auto others = band_keys(b);
  for (std::size_t i = 0; i < Fingerprint::bands; ++i) EXPECT_EQ(keys[i] == others[i], i != 1) << i;
  Fingerprint same;
  same.sketch.fill(3);
  EXPECT_NE(band_keys(same)[0], band_keys(same)[1]);
}

TEST(Fingerprint, SharedPhrasesAreCounted) {
  const Fingerprint a = sample();
  Fingerprint b = a;
  b.phrases = {0, 999, 1000, 2000, 5000, 6000};
  b.phrase_count = 6;
  EXPECT_EQ(shared_phrases(a, b), 3U);
  EXPECT_EQ(shared_phrases(a, Fingerprint{}), 0U);
}

TEST(Fingerprint, FacetsAreKeptOnceAndWithinTheLimit) {
  Fingerprint print;
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(print.add_facet(FacetKind::url_domain, i), i < Fingerprint::facets_max);
    EXPECT_EQ(print.add_facet(FacetKind::url_domain, 0), true);
  }
  EXPECT_TRUE(print.has_facet(FacetKind::url_domain, 1));
  EXPECT_FALSE(print.has_facet(FacetKind::url_page, 1));
}

TEST(Fingerprint, EveryValueHasAName) {
  for (std::size_t i = 0; i < facet_kinds; ++i) {
    EXPECT_FALSE(facet_kind_name(static_cast<FacetKind>(i)).empty());
  }
  EXPECT_EQ(mail_sign_name(MailSign::truncated), "truncated");
  EXPECT_EQ(text_kind_name(TextKind::full), "full");
  EXPECT_EQ(mail_class_name(MailClass::forward), "forward");
  EXPECT_EQ(facet_kind_name(FacetKind::helo), "helo");
}

}  // namespace
}  // namespace leumund::model
