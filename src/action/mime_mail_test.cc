#include "action/mime_mail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace leumund::action {
namespace {

MimeMail sample() {
  return {
      .from = "leumund@c.test",
      .to = "admin@c.test",
      .subject = "Der Versand von müller@verein.example ist eingeschränkt, bitte ansehen, gleich",
      .body = "Grüße = 1\nSpace at end \n.\nFrom here\n" + std::string(200, 'x') + "\n",
      .message_id = "leumund.1@c.test",
      .date = base::TimePoint(std::chrono::seconds(1'795'284'000)),
      .about = "17"};
}

TEST(MimeMail, IsAsciiWithShortLinesAndTheRightHeaders) {
  const auto text = mime_mail(sample());
  EXPECT_TRUE(std::all_of(text.begin(), text.end(),
                          [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 78u) << line;
  for (const auto* header :
       {"Date: Sat, 21 Nov 2026 18:00:00 +0000\n", "Message-ID: <leumund.1@c.test>\n",
        "Auto-Submitted: auto-generated\n", "Content-Type: text/plain; charset=utf-8\n",
        "Content-Transfer-Encoding: quoted-printable\n", "Subject: =?utf-8?B?"}) {
    EXPECT_NE(text.find(header), std::string::npos) << header << text;
  }
  EXPECT_NE(text.find("\n\nGr=C3=BC=C3=9Fe =3D 1\nSpace at end=20\n.\n"), std::string::npos)
      << text;
}

TEST(MimeMail, NoTextAddsAHeaderLine) {
  auto mail = sample();
  mail.subject = "x\r\nBcc: everybody@x.test";
  mail.to = "a@c.test\nX: y";
  const auto text = mime_mail(mail);
  EXPECT_EQ(text.find("\nBcc:"), std::string::npos);
  EXPECT_EQ(text.find("\nX:"), std::string::npos);
}

TEST(MimeMail, TakesOnlyPlainAddresses) {
  for (const auto* good : {"a@c.test", "a.b+c@sub.c.test", "o'neil@c.test"})
    EXPECT_TRUE(is_plain_address(good)) << good;
  for (const auto* bad : {"", "a", "@c.test", "a@", "a b@c.test", "a@b@c", "a@c.test\n",
                          "<a@c.test>", "-oX@c.test", "m\xc3\xbc@c.test", "a,b@c.test"}) {
    EXPECT_FALSE(is_plain_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace leumund::action
