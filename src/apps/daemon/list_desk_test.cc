// What our own lists do while a start still reads what they are made of.
#include "apps/daemon/list_desk.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <latch>
#include <tuple>

#include "action/atomic_file.h"
#include "config/load.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

using model::AbuseKind;

// Reads what addresses are listed for only when it is let; so it may forget.
class SlowStore final : public storage::MemoryStore {
 public:
  base::Result<listing::ListRecord> load_list(const std::string& list,
                                              base::TimePoint since) override {
    if (list != "dbl" && list != "ebl") readable.wait();  // names are few, and read at once
    return MemoryStore::load_list(list, since);
  }
  base::Status save_list(const listing::ListSave& save) override {
    if (saves_slowly) {
      if (!saving.try_wait()) saving.count_down();
      savable.wait();
    }
    return MemoryStore::save_list(save);
  }
  base::Status forget_list(listing::ListForgetting& way) override {
    if (forgets_slowly) {
      if (!forgetting.try_wait()) forgetting.count_down();
      forgettable.wait();
    }
    return MemoryStore::forget_list(way);
  }
  std::latch readable{1};
  std::atomic<bool> saves_slowly = false;
  std::latch saving{1};
  std::latch savable{1};
  bool forgets_slowly = false;
  std::latch forgetting{1};
  std::latch forgettable{1};
};

class ListDeskTest : public testing::Test {
 protected:
  ListDeskTest() {
    auto loaded = config::load_text(
        "egresses = [\"out1 address=2001:db8:1:2::25\"]\n"
        "[list]\nzones = [\"bl bl.ex\", \"traps traps.ex kinds=typo_trap answer=127.0.0.3\", "
        "\"dbl dbl.ex of=domains\", \"ebl ebl.ex of=sha1\"]\n"
        "export_folder = \"" +
            folder.string() + "\"\nexport_every = \"1s\"\naddresses_max = 1000\n",
        "t.toml", config::Surroundings());
    EXPECT_TRUE(loaded.problems.empty());
    auto desk = ListDesk::open(loaded.settings, {.store = store,
                                                 .clock = clock,
                                                 .key = {},
                                                 .of_many_people = [](auto) { return false; },
                                                 .decide =
                                                     [this](const model::Decision& /*one*/) {
                                                       if (!decides_slowly) return;
                                                       if (!deciding.try_wait())
                                                         deciding.count_down();
                                                       decided.wait();
                                                     },
                                                 .heard = [this](const auto&) { ++heard; }});
    EXPECT_TRUE(desk.ok());
    desk_ = std::move(*desk);
  }
  ~ListDeskTest() override {
    if (!store.readable.try_wait()) store.readable.count_down();
    if (!store.forgettable.try_wait()) store.forgettable.count_down();
    if (!decided.try_wait()) decided.count_down();
    if (!store.savable.try_wait()) store.savable.count_down();
    desk_.reset();
    std::filesystem::remove_all(folder);
  }

  void complain(const char* reporter) const {
    model::Complaint complaint;
    complaint.source_ip = client;
    complaint.reporter = reporter;
    model::MailEvent event;
    event.occurred_at = clock.now();
    event.what = complaint;
    desk_->see(event);
  }
  [[nodiscard]] double published() const {
    std::vector<face::Metric> metrics;
    desk_->add_metrics(metrics);
    for (const face::Metric& one : metrics) {
      if (one.name == "leumund_list_published_total") return one.samples.front().value;
    }
    return -1;
  }
  // Whether what was said is in the zone soon.
  [[nodiscard]] bool soon_published(double more_than) const {
    for (int i = 0; published() <= more_than && i < 200; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return published() > more_than;
  }
  [[nodiscard]] std::uint32_t complaints() const {
    const auto why = desk_->list_why(client, 0);
    return why.front().standing.facts.kinds[static_cast<std::size_t>(AbuseKind::complaint)];
  }

  // What comes while the lists are still read counts a moment later.
  [[nodiscard]] bool soon_complaints(std::uint32_t wanted) const {
    for (int i = 0; complaints() < wanted && i < 1000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return complaints() == wanted;
  }

  [[nodiscard]] bool exported() const {
    const auto file = action::read_file(folder / "bl.ex.ip4trie", 1 << 20);
    return file && file->bytes.contains(client.to_string());
  }

  static std::filesystem::path made_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "leumund-desk-XXXXXX").string();
    return mkdtemp(name.data());
  }

  const std::filesystem::path folder = made_folder();
  base::IpAddress client = *base::IpAddress::parse("203.0.113.9");
  Clock clock;
  int heard = 0;  // calls of Around::heard
  SlowStore store;
  std::atomic<bool> decides_slowly = false;
  std::latch deciding{1};
  std::latch decided{1};
  std::unique_ptr<ListDesk> desk_;
};

TEST_F(ListDeskTest, WhatTheMailPathTellsWhileItReadsIsNotWaitedForAndCountsThen) {
  desk_->start();
  complain("anna@one.example");  // would wait forever if it waited
  complain("berta@two.example");
  EXPECT_TRUE(desk_->part().well);
  EXPECT_NE(desk_->part().detail.find("being read"), std::string::npos);
  std::vector<face::Metric> metrics;
  desk_->add_metrics(metrics);
  store.readable.count_down();
  EXPECT_TRUE(soon_complaints(2));
  desk_->stop();
}

TEST_F(ListDeskTest, WithoutANameEveryListLetsGoOfAnAddress) {
  store.readable.count_down();
  desk_->start();
  for (const char* list : {"bl", "traps"}) {
    face::ListOrder order;
    order.list = list;
    order.what = *base::IpPrefix::parse("203.0.113.9");
    order.reason = "a test";
    EXPECT_FALSE(desk_->list_add(order).ok()) << "a store in memory keeps nothing, and says so";
  }
  const auto listed = [&] {
    int out = 0;
    for (const auto& one : desk_->list_why(client, 0)) out += one.standing.listed() ? 1 : 0;
    return out;
  };
  EXPECT_EQ(listed(), 2);
  face::ListOrder order;
  order.what = *base::IpPrefix::parse("203.0.113.9");
  order.reason = "cleaned";
  EXPECT_FALSE(desk_->list_remove(order).ok());
  EXPECT_EQ(listed(), 0);
  desk_->stop();
}

TEST_F(ListDeskTest, ANetworkIsAnsweredForAsItWasGiven) {
  store.readable.count_down();
  desk_->start();
  face::ListOrder order;
  order.what = *base::IpPrefix::parse("203.0.0.0/16");
  order.reason = "a test";
  std::ignore = desk_->list_add(order);
  const auto network = [&](const char* text) {
    const auto one = desk_->list_why(*base::IpPrefix::parse(text), 0).front().standing;
    return (one.listed() ? "" : "not ") + one.network().to_string();
  };
  EXPECT_EQ(network("203.0.0.0/16"), "203.0.0.0/16");
  EXPECT_EQ(network("203.0.113.9"), "203.0.0.0/16") << "that is what lists it";
  EXPECT_EQ(network("203.0.113.0/24"), "203.0.0.0/16");
  EXPECT_EQ(network("203.0.0.0/8"), "not 203.0.0.0/8");
  EXPECT_EQ(network("198.51.100.1"), "not 198.51.100.1/32");
  desk_->stop();
}

TEST_F(ListDeskTest, ARangeWithAnAddressOfOursIsListedOnlyByForce) {
  store.readable.count_down();
  desk_->start();
  face::ListOrder order;
  order.what = *base::IpPrefix::parse("2001:db8:1::/48");
  order.reason = "a test";
  const auto refused = desk_->list_add(order);
  EXPECT_TRUE(refused.error().message.contains("holds our own address 2001:db8:1:2::25 (out1)"))
      << refused.error().message;
  EXPECT_FALSE(desk_->list_why(order.what, 0).front().standing.listed());
  face::ListOrder all;
  all.what = *base::IpPrefix::parse("::/0");
  EXPECT_TRUE(desk_->list_add(all).error().message.contains("too large")) << "force would not help";
  order.force = true;
  std::ignore = desk_->list_add(order);
  EXPECT_TRUE(desk_->list_why(order.what, 0).front().standing.listed());
  desk_->stop();
}

TEST_F(ListDeskTest, AnOwnAddressThatWasListedByHandIsToldWithThatReason) {
  store.readable.count_down();
  desk_->start();
  face::ListOrder order;
  order.list = "bl";
  order.what = *base::IpPrefix::parse("2001:db8:1:2::25");
  order.reason = "a drill";
  order.force = true;
  EXPECT_FALSE(desk_->list_add(order).ok()) << "a store in memory keeps nothing, and says so";
  for (int i = 0; desk_->own_listings().empty() && i < 400; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto told = desk_->own_listings();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].meaning, "put on our own list by hand");
  EXPECT_EQ(told[0].reason, "a drill");
  desk_->stop();
}

TEST_F(ListDeskTest, WhatHindersANameIsSaidByTheListWhoseKindItIs) {
  store.readable.count_down();
  desk_->start();
  const auto why = [&](const char* name, const char* list = "") {
    face::ListOrder order;
    order.name = name;
    order.list = list;
    order.reason = "a test";
    return desk_->list_add(order).error().message;
  };
  EXPECT_TRUE(why("spam.example").contains("ends in no public suffix")) << why("spam.example");
  EXPECT_TRUE(why("co.uk").contains("is a public suffix")) << why("co.uk");
  EXPECT_TRUE(why("@b.example").contains("no mail address")) << why("@b.example");
  EXPECT_TRUE(why("spam.example", "ebl").contains("no mail address"));
  EXPECT_TRUE(why("example.org", "bl").contains("list bl takes nothing else"));
  EXPECT_EQ(why("example.org", "nope"), "there is no list nope");
  EXPECT_TRUE(why("example.org").contains("not on disk")) << "it is on the list";
  desk_->stop();
}

TEST_F(ListDeskTest, WhatIsReportedOfTheNetworkOfAnOwnAddressListsNobody) {
  store.readable.count_down();
  desk_->start();
  client = *base::IpAddress::parse("2001:db8:1:2:ffff::9");  // beside ours, in its /64
  for (const char* reporter : {"a@one.example", "b@two.example", "c@three.example"}) {
    complain(reporter);
  }
  EXPECT_TRUE(soon_complaints(3)) << "the operator sees them";
  EXPECT_FALSE(desk_->list_why(client, 0).front().standing.listed());
  client = *base::IpAddress::parse("2001:db8:1:3::9");
  complain("a@one.example");
  EXPECT_TRUE(soon_complaints(1));
  desk_->stop();
}

TEST_F(ListDeskTest, NeitherAReportNorAListingWaitsForWhatTakesLong) {
  store.readable.count_down();
  store.forgets_slowly = true;
  desk_->start();
  store.forgetting.wait();  // from now on exports wait, too
  const auto begun = std::chrono::steady_clock::now();
  for (const char* reporter : {"a@one.example", "b@two.example"}) {
    desk_->take({{.client = client, .reporter = reporter, .at = clock.now()}});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  EXPECT_TRUE(desk_->list_why(client, 0).front().standing.listed());
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // an export would be due
  EXPECT_FALSE(exported()) << "by the thread that reports wait for";
  store.forgettable.count_down();
  for (int i = 0; !exported() && i < 1000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(exported());
  desk_->stop();
}

TEST_F(ListDeskTest, NoListingWaitsForAStoreThatHangs) {
  store.readable.count_down();
  desk_->start();
  store.saves_slowly = true;
  complain("a@one.example");
  complain("b@two.example");
  store.saving.wait();
  for (std::uint32_t i = 1; i <= 3; ++i) {
    const double before = published();
    client = base::IpAddress::v4(0xcb007200 + i);
    complain("a@one.example");
    complain("b@two.example");
    EXPECT_TRUE(soon_published(before)) << i;
  }
  const double before = published();
  std::jthread operators([&] {
    face::ListOrder order;
    order.list = "bl";
    order.what = *base::IpPrefix::parse("198.51.100.0/24");
    order.reason = "a test";
    static_cast<void>(desk_->list_add(order));
  });
  EXPECT_TRUE(soon_published(before)) << "a listing by hand";
  operators.join();
  store.savable.count_down();
  desk_->stop();
  const auto kept = store.load_list("bl", base::TimePoint());
  EXPECT_EQ(kept->reports.size(), 8U);
  EXPECT_EQ(kept->hand.size(), 1U);
}

TEST_F(ListDeskTest, NoListingWaitsUntilWhatWeDoOurselvesIsDecided) {
  store.readable.count_down();
  decides_slowly = true;
  desk_->start();
  client = *base::IpAddress::parse("2001:db8:1:2::25");  // our own
  complain("a@one.example");
  complain("b@two.example");
  deciding.wait();
  const double before = published();
  client = *base::IpAddress::parse("203.0.113.9");
  complain("a@one.example");
  complain("b@two.example");
  EXPECT_TRUE(soon_published(before));
  decided.count_down();
  desk_->stop();
}

TEST_F(ListDeskTest, AListThatIsFullSaysSoWhereAnOperatorLooks) {
  store.readable.count_down();
  desk_->start();
  std::vector<ListDesk::Said> said;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    for (const char* reporter : {"a@one.example", "b@two.example"}) {
      const auto place = base::IpAddress::v4(0xcb007100 + i * 256);
      said.push_back({.client = place, .reporter = reporter, .at = clock.now()});
    }
  }
  // A house is believed so often in a day; here each report comes from another one.
  for (std::size_t i = 0; i < said.size(); ++i) said[i].reporter += std::to_string(i);
  desk_->take(said);
  EXPECT_TRUE(desk_->part().well);
  complain("late@three.example");
  EXPECT_FALSE(desk_->part().well);
  EXPECT_NE(desk_->part().detail.find("bl is full, 1 report found no room"), std::string::npos)
      << desk_->part().detail;
  desk_->stop();
}

// The weights that screening proposes must not follow what anybody can write.
TEST_F(ListDeskTest, OnlyWhatAWitnessSaysOfAStrangerIsHeard) {
  store.readable.count_down();
  desk_->start();
  const auto say = [&](ListDesk::Said said) {
    said.reporter = "anna@one.example";
    said.at = clock.now();
    desk_->take({said});
    return std::exchange(heard, 0);
  };
  EXPECT_EQ(say({.client = client, .by_mail = true}), 0) << "anybody's mail";
  EXPECT_EQ(say({.client = base::IpAddress::parse("2001:db8:1:2::25")}), 0) << "about ourselves";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(say({.client = client}), 1) << i;
  EXPECT_EQ(say({.client = client}), 0) << "above the cap";
  desk_->stop();
}

TEST_F(ListDeskTest, StopsWithoutEverHavingStarted) { desk_->stop(); }

}  // namespace
}  // namespace leumund::apps
