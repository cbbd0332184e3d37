#include "wire/tag_record.h"

#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

const std::string rsa_2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwkm6V+oQ+o95J47I42CvB8Oo/0uPX3ZkYlth"
    "Dy+5MXMBJLQlQmzfq5fPGchMcsc/w1HNyP544Ltiw1keUwAVZW5utywoatJuYCDKv+fH0NQk9MVcxC9D"
    "HWQ0c1iETjvB2RxMMMNHFaLMZajwnaCiXBfXP2Op0FYbJyGGLsRmOSZz5tF9QYRMFrk7TffxYHysMXFj"
    "e4yzzrvj8Sokyk/Qx8s3ysxzPB3PAetPa66AawVKjHaol2AhLaLempH1+WsaZKia9bXKkyE0Yd/C2H7T"
    "QOjaBHWvQHSfFOM5dbyhHoIJ/QDVuTMUCQWDheLbLU3jsFTvsToqiTBKqFhyipqmCQIDAQAB";
const std::string rsa_1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCfoaBD2MIefRBv6r29dJdC7QeQaCb2NdNjvwgUkQcH"
    "PynLPAjw69KK3kC6VgdVNiqNeM1EBWTIJurUob0Vy3tsBNjlPprIFds7pP1+FQrEzc/pS4vpx3pLWHWt"
    "HYc6i3VtuoVRx8ESQZADoav5k0sD0fmk2bOKqblh0gY1VpCsSQIDAQAB";
const std::string ed25519 = "ZsMFWf4egTvStTIMVtRgYiaz7RxCsNETMZClGCE6inU=";

TEST(TagRecord, AKeyTellsTypeSizeAndFlags) {
  const auto big = parse_dkim_key("v=DKIM1; k=rsa; t=s:y; p=" + rsa_2048);
  ASSERT_TRUE(big) << big.error().message;
  EXPECT_EQ(big->bits, 2048U);
  EXPECT_TRUE(big->testing);
  const auto small = parse_dkim_key("p=" + rsa_1024.substr(0, 50) + " \t" + rsa_1024.substr(50));
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->bits, 1024U);
  EXPECT_FALSE(small->testing);
  const auto edwards = parse_dkim_key("v=DKIM1;k=ed25519;p=" + ed25519);
  ASSERT_TRUE(edwards) << edwards.error().message;
  EXPECT_EQ(edwards->bits, 256U);
}

TEST(TagRecord, AnEmptyKeyIsRevokedAndADamagedOneIsNone) {
  const auto gone = parse_dkim_key("v=DKIM1; p=");
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->revoked);
  EXPECT_FALSE(parse_dkim_key("v=DKIM1; k=rsa"));
  EXPECT_FALSE(parse_dkim_key("v=DKIM1; p=@@@@"));
  EXPECT_FALSE(parse_dkim_key("v=DKIM1; p=" + rsa_2048.substr(0, 80)));
  EXPECT_FALSE(parse_dkim_key("k=rsa; v=DKIM1; p=" + rsa_2048)) << "the version stands first";
  EXPECT_FALSE(parse_dkim_key("v=DKIM1; p=; p=")) << "a tag stands once";
  EXPECT_FALSE(parse_dkim_key("v=DKIM1; k=ed25519; p=" + rsa_1024));
}

TEST(TagRecord, ASignatureSaysWhoSignedByWhichKey) {
  const auto read = parse_dkim_signature(
      "v=1; a=rsa-sha256; c=relaxed/simple; d=Example.ORG;\r\n\ts=M2026; t=1; bh=aGVsbG8=;\r\n\t"
      "h=Subject : From:To;\r\n\tb=AAAA\r\n\t BBBB");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->domain, "example.org");
  EXPECT_EQ(read->selector, "m2026");
  EXPECT_EQ(read->algorithm, "rsa-sha256");
  for (const char* wrong :
       {"", "a=rsa-sha256; d=a.b; s=x; bh=x; h=from; b=x", "v=1; a=x; d=a.b; s=x; bh=x; h=to; b=x",
        "v=1; a=x; d=a.b; s=x; bh=x; h=from; b=", "v=1; a=x; d=ab; s=x; bh=x; h=from; b=x",
        "v=1; a=x; d=a.b; s=x y; bh=x; h=from; b=x",
        "v=1; a=x; d=a.b; d=c.d; s=x; bh=x; h=from; b=x"}) {
    EXPECT_FALSE(parse_dkim_signature(wrong)) << wrong;
  }
  EXPECT_FALSE(
      parse_dkim_signature("v=1; a=x; d=a.b; s=x; bh=x; h=from; b=" + std::string(5000, 'x')));
}

TEST(TagRecord, APolicyIsReadWithItsDefaults) {
  const auto plain = parse_dmarc_record("v=DMARC1; p=quarantine");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->policy, DmarcPolicy::quarantine);
  EXPECT_EQ(plain->subdomain_policy, DmarcPolicy::quarantine);
  EXPECT_FALSE(plain->strict_spf || plain->strict_dkim);
  EXPECT_EQ(plain->percent, 100U);
  const auto all = parse_dmarc_record("v=DMARC1;p=reject;sp=none;aspf=s;adkim=S;pct=20;");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->subdomain_policy, DmarcPolicy::none);
  EXPECT_TRUE(all->strict_spf && all->strict_dkim);
  EXPECT_EQ(all->percent, 20U);
}

TEST(TagRecord, WithoutAPolicyItCountsOnlyWhereReportsAreAskedFor) {
  EXPECT_FALSE(parse_dmarc_record("v=DMARC1; p=strict"));
  const auto reports = parse_dmarc_record("v=DMARC1; p=strict; rua=mailto:d@example.org");
  ASSERT_TRUE(reports);
  EXPECT_EQ(reports->policy, DmarcPolicy::none);
  EXPECT_FALSE(parse_dmarc_record("p=reject; v=DMARC1"));
  EXPECT_TRUE(is_dmarc_record("v = DMARC1 ; p=none"));
  EXPECT_FALSE(is_dmarc_record("v=spf1 -all"));
}

TEST(DmarcRecord, ItsVersionIsSpelledInTheseVeryLetters) {
  EXPECT_TRUE(parse_dmarc_record("v=DMARC1; p=none"));
  EXPECT_FALSE(parse_dmarc_record("V=DMARC1; p=none"));
  EXPECT_FALSE(is_dmarc_record("V=DMARC1; p=none"));
  EXPECT_FALSE(parse_dmarc_record("v=dmarc1; p=none"));
}

}  // namespace
}  // namespace leumund::wire
