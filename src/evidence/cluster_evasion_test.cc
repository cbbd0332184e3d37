// What somebody tries who has read how mailings are told.
#include <gtest/gtest.h>

#include "evidence/cluster_test_world.h"

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;

using ClusterEvasionTest = ClusterWorld;

TEST_F(ClusterEvasionTest, AnAddressThatCameUpWithTheMailingExplainsNothing) {
  live();
  const Fingerprint spam = texts.text();
  place_to(spam, 1, {1, 500});
  // By the second mail the house knows the drop box, and it may know the victim.
  Cluster* cluster = place_to(spam, 2, {2, 500}, {}, true).cluster;
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(cluster->members.back().surprise, 3);
}

TEST_F(ClusterEvasionTest, ALoneMailRemembersItsRarestLinksNotItsFirst) {
  std::vector<std::uint64_t> common;
  for (int i = 0; i < 9; ++i) common.push_back(texts.hash());
  for (int i = 0; i < 12; ++i) {
    Fingerprint print = texts.text();
    for (const std::uint64_t hash : common) print.add_facet(FacetKind::url_domain, hash);
    store.learn_background(print, now);
  }
  for (int day = 0; day < 6; ++day) live();
  const std::uint64_t link = texts.hash();
  const std::uint64_t contact = texts.hash();
  Cluster* cluster = nullptr;
  for (std::uint64_t account = 1; account <= 2; ++account) {
    Fingerprint print = texts.text();
    for (const std::uint64_t hash : common) print.add_facet(FacetKind::url_domain, hash);
    print.add_facet(FacetKind::url_template, link);
    print.add_facet(FacetKind::contact, contact);
    cluster = place(print, account).cluster;
  }
  EXPECT_NE(cluster, nullptr);
}

}  // namespace
}  // namespace leumund::evidence
