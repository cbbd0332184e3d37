#include "evidence/cluster_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace leumund::evidence {
namespace {

std::string encoded(Cluster cluster, std::uint32_t recipients) {
  cluster.recipients_all = recipients;
  std::string state;
  encode_cluster(cluster, state);
  return state;
}

TEST(ClusterCodec, ARecordWithACountThatNothingUsedIsStillRead) {
  Cluster cluster;
  cluster.id = 1;
  cluster.messages = 40;
  cluster.usual_accounts = 3;
  std::string state = encoded(cluster, 17);
  const std::string other = encoded(cluster, 18);
  const auto place = std::mismatch(state.begin(), state.end(), other.begin()).first;
  state.insert(place + 1, '\5');  // of recipients that came again
  state[0] = 4;                   // the version that had it
  const auto read = decode_cluster(state);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->recipients_all, 17U);
  EXPECT_EQ(read->messages, 40U);
  EXPECT_EQ(read->usual_accounts, 3U);
}

TEST(ClusterCodec, ARecordOfALaterOrForgottenVersionIsRefused) {
  Cluster cluster;
  cluster.id = 1;
  std::string state = encoded(cluster, 17);
  ASSERT_TRUE(decode_cluster(state).ok());
  for (const char version : {char{2}, char{6}}) {
    state[0] = version;
    EXPECT_FALSE(decode_cluster(state).ok());
  }
}

}  // namespace
}  // namespace leumund::evidence
