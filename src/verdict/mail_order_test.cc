#include "verdict/mail_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::verdict {
namespace {

using model::MailClass;
using testing::ElementsAre;

TEST(MailOrder, BookingsAndInvoicesGoFirstAndForwardsLast) {
  const std::vector<MailClass> classes = {
      MailClass::forward, MailClass::bulk,    MailClass::personal, MailClass::invoice,
      MailClass::unknown, MailClass::booking, MailClass::ticket,   MailClass::automatic};
  EXPECT_THAT(in_turn(classes), ElementsAre(3, 5, 6, 2, 4, 7, 1, 0))
      << "those of one turn as they came";
  EXPECT_THAT(in_turn({}), ElementsAre());
}

TEST(MailOrder, OnlyMailingsAndForwardsWaitForRoom) {
  for (std::size_t i = 0; i < model::mail_classes; ++i) {
    const auto mail_class = static_cast<MailClass>(i);
    EXPECT_EQ(waits_for_room(mail_class),
              mail_class == MailClass::bulk || mail_class == MailClass::forward);
  }
}

TEST(MailOrder, HalfOfTheCapIsRoomForThemUntilOtherMailHasUsedIt) {
  model::Detour detour;
  detour.phase = model::DetourPhase::open;
  detour.cap = 50;
  EXPECT_EQ(room_of(detour, 0), 25U);
  EXPECT_EQ(room_of(detour, 24), 1U) << "let go, not delivered yet";
  EXPECT_EQ(room_of(detour, 25), 0U);
  detour.delivered = 20;
  EXPECT_EQ(room_of(detour, 3), 5U);
  detour.delivered = 25;
  EXPECT_EQ(room_of(detour, 0), 0U);
  detour.delivered = 0;
  detour.cap = 1;
  EXPECT_EQ(room_of(detour, 0), 0U);
  detour.cap = 50;
  detour.phase = model::DetourPhase::capped;
  EXPECT_EQ(room_of(detour, 0), 0U);
  detour.phase = model::DetourPhase::open;
  detour.planned = true;
  EXPECT_EQ(room_of(detour, 0), 0U) << "observe mode";
}

TEST(MailOrder, KnowsRewrittenSenders) {
  for (const char* srs :
       {"SRS0=q7Zx=5W=elsewhere.example=bob@srs.example", "srs1=a=b==c=d=e@x.example",
        "SRS0+a=b=c=d@x.example", "SRS0-a=b=c=d@x.example"}) {
    EXPECT_TRUE(is_rewritten_sender(srs)) << srs;
  }
  for (const char* other : {"", "SRS0", "SRS0=", "srs0@x.example", "SRS2=a@x.example",
                            "a=SRS0=b@x.example", "srsly@x.example"}) {
    EXPECT_FALSE(is_rewritten_sender(other)) << other;
  }
}

}  // namespace
}  // namespace leumund::verdict
