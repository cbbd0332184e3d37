// Texts, links and a store of clusters with a day of other people's mail, for tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>
#include <vector>

#include "evidence/cluster_store.h"

namespace leumund::evidence {

inline const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

// A text is a row of 64 minima; a variant keeps each with the probability `alike`.
class Texts {
 public:
  model::Fingerprint text() {
    model::Fingerprint print;
    print.text = model::TextKind::full;
    for (auto& row : print.sketch) row = static_cast<std::uint16_t>(random_());
    return print;
  }
  model::Fingerprint variant(const model::Fingerprint& of, double alike) {
    model::Fingerprint print = of;
    for (auto& row : print.sketch) {
      if (std::uniform_real_distribution<>()(random_) > alike)
        row = static_cast<std::uint16_t>(random_());
    }
    return print;
  }
  std::uint64_t hash() { return random_(); }

 private:
  std::mt19937_64 random_{42};
};

inline ClusterStore::Settings small(std::size_t bytes = 4U << 20) {
  ClusterStore::Settings settings;
  settings.bytes_max = bytes;
  return settings;
}

class ClusterWorld : public ::testing::Test {
 protected:
  Placed place(const model::Fingerprint& print, std::uint64_t account, float surprise = 3) {
    return place_from(print, account, surprise, 0, 0);
  }
  Placed place_from(const model::Fingerprint& print, std::uint64_t account, float surprise,
                    std::uint32_t client, std::uint64_t member_of) {
    const std::uint32_t recipient = ++recipient_;
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = surprise,
                        .odds = surprise - 1,
                        .to = {std::span(&recipient, 1), 1},
                        .client = client,
                        .member_of = member_of,
                        .companions = {},
                        .at = now});
  }
  // `fresh`: to whom the account never wrote before; `old`: its acquaintances.
  Placed place_to(const model::Fingerprint& print, std::uint64_t account,
                  std::vector<std::uint32_t> fresh, const std::vector<std::uint32_t>& old = {},
                  bool house_knows = false) {
    const std::size_t new_ones = fresh.size();
    fresh.insert(fresh.end(), old.begin(), old.end());
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = 3,
                        .odds = 2,
                        .to = {fresh, new_ones, house_knows},
                        .companions = {},
                        .at = now});
  }
  // An open campaign of five accounts with this text.
  Cluster& campaign(const model::Fingerprint& text) {
    Cluster* cluster = nullptr;
    for (std::uint64_t account = 1; account <= 5; ++account) {
      const auto client = static_cast<std::uint32_t>(7000 + account);
      cluster = place_from(text, account, 3, client, 0).cluster;
    }
    EXPECT_NE(cluster, nullptr);
    EXPECT_TRUE(store.open(*cluster, now));
    return *cluster;
  }
  // A mail of an account whose habits are known.
  Placed place_known(const model::Fingerprint& print, std::uint64_t account, float surprise,
                     float odds, std::uint32_t recipient = 0) {
    if (recipient == 0) recipient = ++recipient_;
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = surprise,
                        .odds = odds,
                        .known_account = true,
                        .to = {std::span(&recipient, 1), 1},
                        .companions = {},
                        .at = now});
  }
  // ... and that is a known member of a campaign.
  Placed place_member(const model::Fingerprint& print, std::uint64_t account, float surprise,
                      float odds, std::uint64_t member_of) {
    const std::uint32_t recipient = ++recipient_;
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = surprise,
                        .odds = odds,
                        .known_account = true,
                        .to = {std::span(&recipient, 1), 1},
                        .member_of = member_of,
                        .companions = {},
                        .at = now});
  }
  // A mail of an account of which nothing is known.
  Placed place_stranger(const model::Fingerprint& print, std::uint64_t account, float surprise) {
    const std::uint32_t recipient = ++recipient_;
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = surprise,
                        .stranger = true,
                        .to = {std::span(&recipient, 1), 1},
                        .companions = {},
                        .at = now});
  }
  // Another text with these runs of words: padding, or a sentence that many quote.
  model::Fingerprint text_with(std::initializer_list<std::uint32_t> phrases) {
    model::Fingerprint print = texts.text();
    for (const std::uint32_t phrase : phrases) print.phrases[print.phrase_count++] = phrase;
    for (int i = 0; i < 8; ++i)
      print.phrases[print.phrase_count++] = static_cast<std::uint32_t>(texts.hash());
    return print;
  }
  // A day of other people's mail, so that rare things are known to be rare.
  void live() {
    for (int i = 0; i < 300; ++i) {
      model::Fingerprint print = texts.text();
      print.add_facet(model::FacetKind::subject, texts.hash());
      store.learn_background(print, now);
    }
    now += std::chrono::hours(24);
    store.learn_background(texts.text(), now);
  }

  Texts texts;
  ClusterStore store{small()};
  base::TimePoint now = start;
  std::uint64_t message_ = 0;
  std::uint32_t recipient_ = 0;
};

}  // namespace leumund::evidence
