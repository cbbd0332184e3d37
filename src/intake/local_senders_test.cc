#include "intake/local_senders.h"

#include <gtest/gtest.h>

#include <string>

#include "intake/log_correlator_reader.h"

namespace leumund::intake {
namespace {

model::QueueKey key(std::string id, std::string instance = "", std::string host = "") {
  return {.host = std::move(host), .instance = std::move(instance), .queue_id = std::move(id)};
}

TEST(LocalSenders, KnowsTheNewestOnly) {
  LocalSenders senders(2);
  senders.add(key("A1"), "uid1");
  senders.add(key("A2"), "uid2");
  senders.add(key("A1"), "uid9");  // used again
  EXPECT_EQ(senders.find(key("A1")), "uid9");
  senders.add(key("A3"), "uid3");
  EXPECT_FALSE(senders.find(key("A1")));
  EXPECT_EQ(senders.find(key("A2")), "uid2");
  EXPECT_EQ(senders.find(key("A3")), "uid3");
}

TEST(LocalSenders, KeepsInstancesApartAndLeavesOtherHostsOut) {
  LocalSenders senders;
  senders.add(key("A1", "postfix-out"), "uid1");
  senders.add(key("A1", "", "far"), "uid2");
  EXPECT_FALSE(senders.find(key("A1", "postfix-in")));
  EXPECT_FALSE(senders.find(key("A1", "", "far")));
  EXPECT_EQ(senders.find(key("A1", "postfix-out")), "uid1");
}

TEST(LocalSenders, WhoCannotNameItsInstanceIsToldTheOnlyOneThatFits) {
  LocalSenders senders(3);
  senders.add(key("A1", "postfix-out"), "uid1");
  EXPECT_EQ(senders.find(key("A1")), "uid1");
  senders.add(key("A1", "postfix-in"), "uid2");
  EXPECT_FALSE(senders.find(key("A1")));
  senders.add(key("A1"), "uid3");
  EXPECT_EQ(senders.find(key("A1")), "uid3");
  senders.add(key("A2"), "uid4");  // the oldest, of postfix-out, goes
  EXPECT_FALSE(senders.find(key("A1", "postfix-out")));
  EXPECT_EQ(senders.find(key("A1", "postfix-in")), "uid2");
}

TEST(LocalSenders, HearOfAPickupBeforeItsMailIsQueued) {
  LocalSenders senders;
  CorrelatorSettings settings = log_test::settings_of_tests();
  settings.local_senders = &senders;
  log_test::Reader reader(settings);
  reader.read({"postfix/pickup[9]: 81E343F2E2: uid=33 from=<www-data>"});
  EXPECT_EQ(senders.find(key("81E343F2E2")), "uid33");
  EXPECT_TRUE(reader.events.empty());
}

}  // namespace
}  // namespace leumund::intake
