#include "evidence/record_store.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace leumund::evidence {
namespace {

std::string text(std::size_t size, char fill) { return std::string(size, fill); }

TEST(RecordStore, GivesBackWhatWasPutInWhateverComesAndGoes) {
  RecordStore store;
  std::map<RecordStore::Handle, std::string> held;
  std::mt19937 random(7);
  for (int i = 0; i < 50'000; ++i) {
    if (held.size() > 3000 || (!held.empty() && random() % 3 == 0)) {
      const auto gone =
          std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % 50 % held.size()));
      ASSERT_EQ(store.view(gone->first, gone->second.size()), gone->second);
      store.erase(gone->first, gone->second.size());
      held.erase(gone);
      continue;
    }
    const std::size_t size = random() % 20 == 0 ? random() % 20'000 : random() % 300;
    const std::string record = text(size, static_cast<char>('a' + random() % 26));
    const auto handle = store.insert(record.substr(0, size / 3), record.substr(size / 3));
    ASSERT_TRUE(held.emplace(handle, record).second) << "a cell in use was given away";
  }
  for (const auto& [handle, record] : held) EXPECT_EQ(store.view(handle, record.size()), record);
}

TEST(RecordStore, AnEmptyOneHoldsNoPages) {
  RecordStore store;
  std::map<RecordStore::Handle, std::size_t> held;
  for (std::size_t i = 0; i < 9000; ++i)
    held[store.insert(text(i % 2000, 'x'), "yz")] = i % 2000 + 2;
  EXPECT_GT(store.page_bytes(), store.bytes());
  for (const auto& [handle, size] : held) store.erase(handle, size);
  EXPECT_EQ(store.bytes(), 0U);
  EXPECT_EQ(store.page_bytes(), 0U);
}

TEST(RecordStore, ShortRecordsTakeHardlyMoreThanTheyHold) {
  RecordStore store;
  std::size_t held = 0;
  for (std::size_t i = 0; i < 200'000; ++i) {
    const std::size_t size = 60 + i * 7919 % 200;
    store.insert(text(size, 'x'), {});
    held += size;
  }
  EXPECT_LT(store.page_bytes(), held + held / 20);
}

TEST(RecordStore, CellsOfARecordThatWentAreUsedAgain) {
  RecordStore store;
  const auto first = store.insert("one", "two");
  store.insert("three", "");
  store.erase(first, 6);
  const std::size_t before = store.page_bytes();
  EXPECT_EQ(store.insert("fourth", ""), first);
  EXPECT_EQ(store.page_bytes(), before);
}

}  // namespace
}  // namespace leumund::evidence
