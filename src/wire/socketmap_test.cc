#include "wire/socketmap.h"

#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

using State = SocketmapRequest::State;

TEST(Socketmap, ARequestNamesMapAndKey) {
  const auto request = parse_socketmap_request("19:detours hotmail.com,3:a b,");
  ASSERT_EQ(request.state, State::complete);
  EXPECT_EQ(request.map, "detours");
  EXPECT_EQ(request.key, "hotmail.com");
  EXPECT_EQ(request.consumed, 23U);
  EXPECT_EQ(parse_socketmap_request("10:detours a b,").state, State::failed) << "a byte too many";
  EXPECT_EQ(parse_socketmap_request("11:detours a b,").key, "a b");
}

TEST(Socketmap, HalvesAreWaitedForAndNonsenseIsNot) {
  const std::string_view whole = "19:detours hotmail.com,";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(parse_socketmap_request(whole.substr(0, i)).state, State::incomplete) << i;
  }
  for (const char* wrong : {"x", ":a b,", "3;a b,", "3:a b;", "03:a b,", "2:ab,", "3: ab,",
                            "10001:", "999999", "GET / HTTP/1.1"}) {
    EXPECT_EQ(parse_socketmap_request(wrong).state, State::failed) << wrong;
  }
}

TEST(Socketmap, RepliesAreNetstrings) {
  std::string out;
  append_socketmap_reply(SocketmapStatus::ok, "out2:", out);
  append_socketmap_reply(SocketmapStatus::not_found, "", out);
  append_socketmap_reply(SocketmapStatus::permanent, "no map 'x'", out);
  EXPECT_EQ(out, "8:OK out2:,9:NOTFOUND ,15:PERM no map 'x',");
}

}  // namespace
}  // namespace leumund::wire
