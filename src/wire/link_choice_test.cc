#include "wire/link_choice.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace leumund::wire {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::string> chosen(const std::vector<std::string>& links, std::size_t max) {
  std::vector<std::string> out;
  LinkChoice choice(out, max, base::HashKey{});
  for (const std::string& link : links) choice.add(link);
  EXPECT_EQ(choice.chose(), links.size() > max);
  return out;
}

TEST(LinkChoice, AllAreKeptInTheirOrderWhileThereIsRoom) {
  EXPECT_THAT(chosen({"http://b.example/", "http://a.example/", "http://b.example/"}, 3),
              ElementsAre("http://b.example/", "http://a.example/", "http://b.example/"));
}

TEST(LinkChoice, ManyOfOneDomainTakeOnePlace) {
  std::vector<std::string> links;
  for (int i = 0; i < 1000; ++i) links.push_back(fmt::format("http://h{}.shop.de/{}", i, i));
  links.emplace_back("http://other.example/pay");
  EXPECT_THAT(chosen(links, 10), testing::AllOf(SizeIs(2), Contains("http://other.example/pay")));
}

TEST(LinkChoice, NoOrderDecides) {
  std::vector<std::string> links;
  for (int i = 0; i < 500; ++i) links.push_back(fmt::format("http://shop{}.de/{}", i % 90, i));
  auto forwards = chosen(links, 20);
  std::ranges::reverse(links);
  auto backwards = chosen(links, 20);
  std::ranges::sort(forwards);
  std::ranges::sort(backwards);
  EXPECT_THAT(forwards, SizeIs(20));
  EXPECT_EQ(forwards, backwards);
}

TEST(LinkChoice, WhoOwnsALink) {
  EXPECT_EQ(link_owner("http://a@www.shop.co.uk:80/x?y"), "shop.co.uk");
  EXPECT_EQ(link_owner("mailto:a@mail.shop.de"), "shop.de");
  EXPECT_EQ(link_owner("https://x.y.none/"), "y.none");
  EXPECT_EQ(link_owner("tel:123456789"), "tel:123456789");
  EXPECT_EQ(link_owner(""), "");
}

}  // namespace
}  // namespace leumund::wire
