// Received headers of mail servers as they really write them.
#include "wire/received_line.h"

#include <gtest/gtest.h>

#include "wire/mail_date.h"

namespace leumund::wire {
namespace {

std::string client(const ReceivedLine& line) { return line.client ? line.client->to_string() : ""; }
std::string at(const ReceivedLine& line) { return line.at ? base::format_rfc3339(*line.at) : ""; }

TEST(MailDate, ReadsTheFormsOfTheStandardAndTheOldOnes) {
  const auto read = [](std::string_view text) {
    const auto date = parse_mail_date(text);
    return date ? base::format_rfc3339(*date) : std::string();
  };
  EXPECT_EQ(read("Tue, 12 Mar 2013 10:21:03 +0100 (CET)"), "2013-03-12T09:21:03Z");
  EXPECT_EQ(read("12 Mar 2013 10:21 -0000"), "2013-03-12T10:21:00Z");
  EXPECT_EQ(read(" Mon,  1 Jan 99 00:00:60 EST"), "1999-01-01T05:01:00Z");
  EXPECT_EQ(read("1 January 04 23:59:59 GMT"), "2004-01-01T23:59:59Z");
  EXPECT_EQ(read("29 Feb 2000 12:00:00 +0530"), "2000-02-29T06:30:00Z");
  EXPECT_EQ(read("29 Feb 2001 12:00:00 +0000"), "");
  EXPECT_EQ(read("Tue, 12 Mar 2013"), "");
  EXPECT_EQ(read("12 Mar 2013 25:00:00 +0000"), "");
  EXPECT_EQ(read("12 Mar 2013 10:00:00 +00000"), "");
  EXPECT_EQ(read("yesterday at noon"), "");
  EXPECT_EQ(read(""), "");
}

TEST(ReceivedLine, OfPostfix) {
  const auto line = read_received_line(
      "from laptop (p5b2f.dip0.isp.example [203.0.113.9])\r\n"
      "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
      "\t(Authenticated sender: anna@verein.example)\r\n"
      "\tby mail.hoster.example (Postfix) with ESMTPSA id 4XyzAB1234z9\r\n"
      "\tfor <bert@firma.example>; Sat, 21 Nov 2026 10:00:00 +0100 (CET)");
  EXPECT_EQ(client(line), "203.0.113.9");
  EXPECT_EQ(line.client_name, "p5b2f.dip0.isp.example");
  EXPECT_EQ(line.helo, "laptop");
  EXPECT_EQ(line.by, "mail.hoster.example");
  EXPECT_EQ(line.protocol, "ESMTPSA");
  EXPECT_EQ(line.id, "4XyzAB1234z9");
  EXPECT_TRUE(line.authenticated);
  EXPECT_FALSE(line.local);
  EXPECT_EQ(at(line), "2026-11-21T09:00:00Z");
}

TEST(ReceivedLine, OfPostfixWithoutANameAndWithALiteralAsHelo) {
  const auto line = read_received_line(
      "from [192.168.1.20] (unknown [198.51.100.77]) by mx.example (Postfix) with ESMTP id A1; "
      "Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_EQ(client(line), "198.51.100.77") << "what it says of itself does not count";
  EXPECT_EQ(line.client_name, "");
  EXPECT_EQ(line.helo, "[192.168.1.20]");
}

TEST(ReceivedLine, AHostMayCallItselfAsAClauseIsCalled) {
  for (const std::string name : {"by", "with", "id", "from"}) {
    const auto line =
        read_received_line("from " + name +
                           " (unknown [203.0.113.5]) by mx.example (Postfix) with ESMTPSA id A1; "
                           "Sat, 21 Nov 2026 10:00:00 +0000");
    EXPECT_EQ(client(line), "203.0.113.5") << name;
    EXPECT_EQ(line.helo, name);
    EXPECT_EQ(line.by, "mx.example") << name;
    EXPECT_EQ(line.protocol, "ESMTPSA") << name;
    EXPECT_EQ(line.id, "A1") << name;
  }
}

TEST(ReceivedLine, OfPostfixHandedInOnTheHost) {
  const auto line = read_received_line(
      "by web3.hoster.example (Postfix, from userid 33) id 99ABC; Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_TRUE(line.local);
  EXPECT_EQ(line.by, "web3.hoster.example");
  EXPECT_EQ(client(line), "");
}

TEST(ReceivedLine, OfSendmail) {
  const auto line = read_received_line(
      "from relay.example (root@mail.other.example [IPv6:2001:db8::5] (may be forged))\n"
      "\tby mx.example (8.15.2/8.15.2) with ESMTPS id x1;\n\tSat, 21 Nov 2026 10:00:00 GMT");
  EXPECT_EQ(client(line), "2001:db8::5");
  EXPECT_EQ(line.client_name, "mail.other.example");
  EXPECT_EQ(line.helo, "relay.example");
}

TEST(ReceivedLine, OfEximInItsThreeForms) {
  auto line = read_received_line(
      "from [198.51.100.7] (port=40112 helo=[10.1.1.1]) by mx.example with esmtpsa "
      "(TLS1.3:TLS_AES_128_GCM_SHA256:128) (Exim 4.96) (envelope-from <a@b.example>) id 1rX-0; "
      "Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_EQ(client(line), "198.51.100.7");
  EXPECT_EQ(line.helo, "[10.1.1.1]");
  EXPECT_TRUE(line.authenticated);
  line = read_received_line(
      "from mail.other.example ([198.51.100.8]:2525 helo=other) by mx.example with esmtps id 1; x");
  EXPECT_EQ(client(line), "198.51.100.8");
  EXPECT_EQ(line.client_name, "mail.other.example");
  EXPECT_EQ(line.helo, "other");
  line = read_received_line("from www-data by web.example with local (Exim 4.96) id 1rY-0; x");
  EXPECT_TRUE(line.local);
}

TEST(ReceivedLine, OfQmail) {
  auto line = read_received_line(
      "from unknown (HELO pc-7) (info@shop.example@198.51.100.9) by mail.shop.example with SMTP; "
      "21 Nov 2026 10:00:00 -0000");
  EXPECT_EQ(client(line), "198.51.100.9");
  EXPECT_EQ(line.helo, "pc-7");
  EXPECT_EQ(line.client_name, "");
  line = read_received_line("(qmail 4711 invoked by uid 89); 21 Nov 2026 10:00:00 -0000");
  EXPECT_TRUE(line.local);
  EXPECT_EQ(line.by, "");
}

TEST(ReceivedLine, OfExchange) {
  const auto line = read_received_line(
      "from AM0PR01MB1.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::1) by "
      "AM0PR01MB2.eurprd01.prod.exchangelabs.com (2603:10a6:208:2::2) with Microsoft SMTP Server "
      "(version=TLS1_2, cipher=X) id 15.20.1.1; Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_EQ(client(line), "2603:10a6:208:1::1");
  EXPECT_EQ(line.by, "am0pr01mb2.eurprd01.prod.exchangelabs.com");
}

TEST(ReceivedLine, OfGoogleAndYahooAndCommuniGate) {
  auto line = read_received_line(
      "from mail.other.example (mail.other.example. [198.51.100.10]) by mx.google.com with ESMTPS "
      "id a1-b2; Sat, 21 Nov 2026 02:00:00 -0800 (PST)");
  EXPECT_EQ(client(line), "198.51.100.10");
  EXPECT_EQ(line.client_name, "mail.other.example");
  line = read_received_line(
      "from 198.51.100.11  (EHLO mail.other.example) (198.51.100.11) by mta1.yahoo.example with "
      "SMTPs; Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_EQ(client(line), "198.51.100.11");
  EXPECT_EQ(line.helo, "mail.other.example");
  line = read_received_line(
      "from [198.51.100.12] (account a@b.example HELO pc) by cg.example (CommuniGate Pro SMTP "
      "6.2) with ESMTPA id 5; Sat, 21 Nov 2026 10:00:00 +0000");
  EXPECT_EQ(client(line), "198.51.100.12");
  EXPECT_TRUE(line.authenticated);
}

TEST(ReceivedLine, OfFetchmail) {
  const auto line = read_received_line(
      "from pop.isp.example [198.51.100.13] by localhost with POP3 (fetchmail-6.4.37) for "
      "<anna@localhost> (single-drop); Sat, 21 Nov 2026 10:00:00 +0000 (UTC)");
  EXPECT_EQ(client(line), "198.51.100.13");
  EXPECT_EQ(line.by, "localhost");
}

TEST(ReceivedLine, OfNothingIsEmpty) {
  for (const std::string_view text : {"", ";", "(", "from", "by", "from by", "from (", "((((",
                                      "; ; ;", "with", "from a (b", "x ( \\", "id"}) {
    const auto line = read_received_line(text);
    EXPECT_FALSE(line.client) << text;
  }
  EXPECT_EQ(client(read_received_line(std::string(100'000, '(') + "[192.0.2.1]")), "");
}

TEST(ReceivedLine, TellsWhatAUserOfTheHostHandedIn) {
  EXPECT_TRUE(read_received_line("by h.example (Postfix, from userid 33) id A; x").by_a_user);
  EXPECT_TRUE(read_received_line("(qmail 7 invoked by uid 89); x").by_a_user);
  EXPECT_TRUE(read_received_line("(from root@localhost) by h.example (8.18/Submit) id A").local);
  EXPECT_TRUE(read_received_line("from root by h.example with local (Exim 4.98)").by_a_user);
  EXPECT_FALSE(read_received_line("(qmail 7 invoked from network); x").by_a_user);
  EXPECT_FALSE(read_received_line("by h.example (Postfix) id A; x").by_a_user);
  EXPECT_FALSE(
      read_received_line("from a (b [192.0.2.1]) by h.example (x, from userid 3)").by_a_user);
}

TEST(ReceivedLine, TellsAsWhomTheClientLoggedIn) {
  const auto line = read_received_line(
      "from pc (a.example [192.0.2.1]) (Authenticated sender: Anna@B.example) by h with ESMTPSA");
  EXPECT_TRUE(line.authenticated);
  EXPECT_EQ(line.account, "anna@b.example");
}

}  // namespace
}  // namespace leumund::wire
