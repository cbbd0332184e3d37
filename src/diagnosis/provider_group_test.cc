#include "diagnosis/provider_group.h"

#include <gtest/gtest.h>

namespace leumund::diagnosis {
namespace {

const Reader& reader() {
  static const auto made = Reader::shipped();
  return **made;
}

TEST(ProviderGroup, TellsConsumerMicrosoftFromOffice365ByTheMx) {
  EXPECT_EQ(group_of_mx(reader(), "hotmail-com.olc.protection.outlook.com"), "microsoft-consumer");
  EXPECT_EQ(group_of_mx(reader(), "firma-de.mail.protection.outlook.com."), "microsoft-365");
  for (const char* domain : {"hotmail.com", "outlook.com", "live.com", "msn.com"}) {
    EXPECT_EQ(provider_group(reader(), {.recipient = std::string("x@") + domain}),
              "microsoft-consumer")
        << domain;
  }
}

TEST(ProviderGroup, AHostThatAnsweredBeatsTheDomainTable) {
  EXPECT_EQ(provider_group(reader(), {.remote = "MX00.GMX.net[212.227.15.10]",
                                      .recipient = "x@firma.example"}),
            group_of_mx(reader(), "mx00.gmx.net"));
  // A company at Google: its own domain is in no table.
  EXPECT_EQ(provider_group(reader(), {.remote = "aspmx.l.google.com[142.250.1.27]",
                                      .recipient = "x@firma.example"}),
            "google");
}

TEST(ProviderGroup, WhatTheEdgeFoundWins) {
  EXPECT_EQ(provider_group(reader(), {.provider = "google",
                                      .remote = "relay.isp.example[192.0.2.1]",
                                      .recipient = "x@hotmail.com"}),
            "google");
}

TEST(ProviderGroup, KeepsTheHostsOfAnUnknownHouseTogether) {
  for (const char* host : {"mx1.firma.example[192.0.2.1]", "mx2.eu.firma.example[192.0.2.2]"}) {
    EXPECT_EQ(provider_group(reader(), {.remote = host, .recipient = "x@kunde.example"}),
              "mx:firma.example");
  }
  EXPECT_EQ(group_of_mx(reader(), "mx.mail.firm.co.uk"), "mx:firm.co.uk");
  EXPECT_EQ(group_of_mx(reader(), "mail.co.uk"), "mx:mail.co.uk");
}

TEST(ProviderGroup, ACustomersMachineIsNotTheProvider) {
  for (const char* host :
       {"ec2-198-51-100-7.compute-1.amazonaws.com", "c-198-51-100-7.hsd1.il.comcast.net",
        "ip-198-51-100-7.ip.secureserver.net", "ip68-0-113-9.ri.ri.cox.net",
        "vps-1a2b3c4d.vps.ovh.net", "kiste.xs4all.nl", "mail.kunde.dev.gandi.net",
        "haus.hd.free.fr", "nas.s3.amazonaws.com"}) {
    EXPECT_FALSE(is_registered(group_of_mx(reader(), host))) << host;
  }
  EXPECT_EQ(group_of_mx(reader(), "inbound-smtp.us-west-2.amazonaws.com"), "amazon-workmail");
  EXPECT_EQ(group_of_mx(reader(), "mx1.mail.ovh.net"), "ovh");
  EXPECT_EQ(group_of_mx(reader(), "spool.mail.gandi.net"), "gandi");
  EXPECT_EQ(group_of_mx(reader(), "mx2.free.fr"), "free-fr");
  EXPECT_EQ(group_of_mx(reader(), "mx1.xs4all.nl"), "kpn");
  EXPECT_EQ(group_of_mx(reader(), "mx0a-00154904.pphosted.com"), "proofpoint");
  EXPECT_EQ(group_of_mx(reader(), "alt1.gmail-smtp-in.l.google.com"), "google");
}

TEST(ProviderGroup, NamesNothingWhereNothingIsTold) {
  EXPECT_EQ(provider_group(reader(), {}), "");
  EXPECT_EQ(provider_group(reader(), {.remote = "mx[192.0.2.1]", .recipient = "root"}), "");
  EXPECT_EQ(group_of_mx(reader(), "192.0.2.1"), "");
  EXPECT_EQ(group_of_mx(reader(), "evil\nhost.example"), "");
  EXPECT_EQ(
      provider_group(reader(), {.remote = "127.0.0.1[127.0.0.1]", .recipient = "a@b.example"}),
      "mx:b.example");
}

}  // namespace
}  // namespace leumund::diagnosis
