#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "diagnosis/explain.h"
#include "diagnosis/reader.h"

namespace leumund::diagnosis {
namespace {

const Reader& reader() {
  static const auto made = Reader::shipped();
  EXPECT_TRUE(made.ok()) << made.error().message;
  return **made;
}

Diagnosis read(const Reply& reply) {
  static Reader::Session session(reader());
  return reader().diagnose(reply, session);
}
Diagnosis read(std::string_view text) { return read(Reply{.text = text}); }

std::string lists(const Diagnosis& diagnosis) {
  std::string out;
  for (const NamedList& list : diagnosis.lists) out += (out.empty() ? "" : ",") + list.id;
  return out;
}

constexpr std::string_view exchange_report =
    "Remote Server returned '554 5.7.0 <mail.example.de #5.7.514 smtp;550 5.7.514 Decision Engine "
    "classified the mail item was rejected because of IP Block (from outbound normal IP pools) -> "
    "554 5.7.1 Service unavailable; Client host [40.107.21.79] blocked using bl.spamcop.net; "
    "Blocked - see https://www.spamcop.net/bl.shtml?40.107.21.79>'";

TEST(OurAddress, IsNotTheHostThatAnswers) {
  const Diagnosis found =
      read("host mx.example.jp [192.0.2.12]: 550 5.2.2 <a@example.jp>... Mailbox Full");
  EXPECT_EQ(found.listed_address, "");
}

TEST(DiagnosisGolden, TheExchangeReportIsReadToItsInnermostAnswer) {
  const Diagnosis found = read(exchange_report);
  EXPECT_EQ(found.kind, Kind::ip_blocklist_public);
  EXPECT_EQ(found.detail, "listed");
  EXPECT_EQ(found.reason, "blocked");
  EXPECT_EQ(found.code, 550);
  EXPECT_EQ(found.status, "5.7.514");
  EXPECT_TRUE(found.permanent);
  EXPECT_EQ(found.listed_address, "40.107.21.79");
  EXPECT_EQ(lists(found), "spamcop");
  EXPECT_EQ(found.zone, "bl.spamcop.net");
  EXPECT_EQ(found.lookup_url, "https://www.spamcop.net/bl.shtml?40.107.21.79");
  EXPECT_EQ(found.remote, "mail.example.de");
  EXPECT_EQ(found.pool, "outbound normal IP pools");
  EXPECT_EQ(found.fault, Fault::neighbour);
  EXPECT_EQ(found.scope, Scope::address);
  ASSERT_EQ(found.hops.size(), 3U);
  EXPECT_TRUE(found.hops[1].starts_with("550 5.7.514 Decision Engine"));
  EXPECT_TRUE(found.hops[2].starts_with("554 5.7.1 Service unavailable"));
  EXPECT_NE(found.evidence.find("blocked using bl.spamcop.net"), std::string::npos)
      << found.evidence;
  for (const auto& [language, words] :
       {std::pair{Language::english, "shared pool"}, std::pair{Language::german, "gemeinsamen"}}) {
    const auto explainer = Explainer::open(reader().registry(), language);
    ASSERT_TRUE(explainer.ok());
    const std::string text = (*explainer)->explain(found);
    for (const char* part : {"40.107.21.79", "SpamCop", "shtml", words}) {
      EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    }
  }
}

TEST(DiagnosisGolden, TOnlineGreetings) {
  const Diagnosis nowl = read(
      "host mx00.t-online.de[198.51.100.8] refused to talk to me: 554 IP=203.0.113.7 - None/bad "
      "reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. "
      "(NOWL)");
  EXPECT_EQ(nowl.kind, Kind::ip_blocklist_private);
  EXPECT_EQ(nowl.detail, "unknown-ip");
  EXPECT_EQ(nowl.listed_address, "203.0.113.7");
  EXPECT_EQ(nowl.provider, "t-online");
  EXPECT_EQ(nowl.remote, "mx00.t-online.de");
  EXPECT_EQ(lists(nowl), "t-online");
  const Diagnosis listed = read(
      "554 IP=203.0.113.7 - A problem occurred. (Ask your postmaster for help or to contact "
      "tosa@rx.t-online.de to clarify.) (BL)");
  EXPECT_EQ(listed.kind, Kind::ip_blocklist_private);
  EXPECT_EQ(listed.advice, "delist-email");
  EXPECT_EQ(lists(listed), "t-online");
}

TEST(DiagnosisGolden, ProofpointAndGmx) {
  const Diagnosis proofpoint =
      read("550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=203.0.113.7");
  EXPECT_EQ(proofpoint.kind, Kind::ip_blocklist_public);
  EXPECT_EQ(lists(proofpoint), "proofpoint-pdr");
  EXPECT_EQ(proofpoint.listed_address, "203.0.113.7");
  const Diagnosis gmx = read(
      "host mx00.emig.gmx.net[198.51.100.9] refused to talk to me: 554-gmx.net (mxgmx007) Nemesis "
      "ESMTP Service not available 554-No SMTP service 554-IP address is black listed. 554 For "
      "explanation visit http://postmaster.gmx.com/en/error-messages?ip=203.0.113.7&c=bl");
  EXPECT_EQ(gmx.kind, Kind::ip_blocklist_private);
  EXPECT_EQ(lists(gmx), "united-internet");
  EXPECT_EQ(gmx.listed_address, "203.0.113.7");
  EXPECT_EQ(gmx.provider, "unitedinternet-consumer");
}

TEST(Diagnosis, AFailedQueryOfAListIsNoListing) {
  const Diagnosis found = read(
      "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org; "
      "Error: open resolver; https://www.spamhaus.org/returnc/pub/198.51.100.53");
  EXPECT_EQ(found.kind, Kind::other);
  EXPECT_EQ(found.fault, Fault::receiver);
  EXPECT_EQ(found.listed_address, "203.0.113.7") << "not the resolver's address";
}

TEST(Diagnosis, ADeadListIsTheReceiversFault) {
  const Diagnosis found = read("550 5.7.1 203.0.113.7 rejected by dnsbl.sorbs.net");
  EXPECT_EQ(found.kind, Kind::ip_blocklist_public);
  EXPECT_EQ(found.fault, Fault::receiver);
}

TEST(Diagnosis, NamesOfMailboxesAndHostsMeanNothing) {
  EXPECT_EQ(read("550 5.1.1 <spamhaus-team@blocked-using.example>: user unknown").kind,
            Kind::unknown_user);
  EXPECT_EQ(read("552 5.2.2 <reputation@b.example>: Mailbox full (blocked for new mail)").kind,
            Kind::mailbox_full);
  const Diagnosis greeting = read("450 4.3.2 greylist.rate-limit.example: try again later");
  EXPECT_EQ(greeting.kind, Kind::other);
}

TEST(Diagnosis, OnlyWhatIsRefusedIsCalledOurs) {
  for (const std::string_view text :
       {"550 5.2.1 blank mailhost - invalid address, relay=[198.51.100.25]",
        "host mx.b.example[198.51.100.25] said: 550 5.1.1 user unknown",
        "450 4.7.1 lookup failed at resolver 198.51.100.53", "554 127.0.0.2 is a test point",
        "host mx.b.example [198.51.100.25] SMTP error from remote mail server after RCPT "
        "TO:<a@b.example>: 550 no such user",
        "550 version 1.2.3.4.5 refused"}) {
    EXPECT_EQ(read(text).listed_address, "") << text;
  }
  EXPECT_EQ(read("550 mail from 2001:db8:77::5 refused").listed_address, "2001:db8:77::5");
  EXPECT_EQ(read("550 7.113.0.203.zen.spamhaus.org says no").listed_address, "203.0.113.7");
  const Diagnosis range = read("550 The range 203.0.113.0/24 is banned here");
  EXPECT_EQ(range.listed_address, "203.0.113.0/24");
  EXPECT_EQ(range.scope, Scope::range);
}

TEST(Diagnosis, OurAddressesBoundWhatIsCalledOurs) {
  const std::array ours = {*base::IpAddress::parse("203.0.113.7")};
  EXPECT_EQ(
      read(Reply{.text = "550 192.0.2.9 is blocked, ask about 203.0.113.7", .our_addresses = ours})
          .listed_address,
      "203.0.113.7");
  EXPECT_EQ(read(Reply{.text = "550 192.0.2.9 is blocked", .our_addresses = ours}).listed_address,
            "");
}

TEST(Diagnosis, TheInnermostAnswerDecides) {
  const Diagnosis found = read(
      "550 5.1.1 <a@b.example>: Recipient address rejected: undeliverable address: host "
      "c.example[198.51.100.25] said: 554 5.7.1 Client host [203.0.113.7] blocked using "
      "zen.spamhaus.org (in reply to RCPT TO command)");
  EXPECT_EQ(found.kind, Kind::ip_blocklist_public);
  EXPECT_EQ(found.remote, "c.example");
  EXPECT_EQ(found.code, 550);
  EXPECT_EQ(found.hops.size(), 2U);
}

TEST(Diagnosis, AZoneUnderTheReceiversOwnDomainIsHisOwnList) {
  const Diagnosis found = read(
      "host mx.receiver.example[198.51.100.25] said: 554 Client host [203.0.113.7] blocked using "
      "rbl.receiver.example");
  EXPECT_EQ(found.kind, Kind::ip_blocklist_private);
  EXPECT_EQ(lists(found), "recipient-own-rbl");
}

TEST(Diagnosis, AKnownProviderMakesItsOwnWordsCount) {
  const std::string_view text = "550 Connection denied.";
  EXPECT_EQ(read(Reply{.text = text, .provider = "qq"}).meaning, "qq/ip-block");
  EXPECT_EQ(read(Reply{.text = text, .remote = "mx3.qq.com[198.51.100.4]"}).provider, "qq");
}

struct Worded {
  Kind kind;
  std::string_view text;
};

// One sentence a language and kind; none of them stands in the registries.
constexpr std::array worded = {
    Worded{Kind::ip_blocklist_public, "554 Ihre IP 203.0.113.7 ist bei Spamhaus gelistet"},
    Worded{Kind::ip_blocklist_public, "550 Votre IP 203.0.113.7 figure sur la liste Spamhaus"},
    Worded{Kind::ip_blocklist_public, "550 O IP 203.0.113.7 está na lista zen.spamhaus.org"},
    Worded{Kind::ip_blocklist_public, "550 您的IP 203.0.113.7 已被 Spamhaus 列入黑名单"},
    Worded{Kind::ip_blocklist_private, "550 Su servidor 203.0.113.7 ha sido bloqueado"},
    Worded{Kind::ip_blocklist_private, "554 203.0.113.7 からの接続は拒否されました"},
    Worded{Kind::ip_reputation_throttle, "421 Troppe connessioni dal tuo server"},
    Worded{Kind::ip_reputation_throttle, "421 您的IP发送过于频繁，请稍后再试"},
    Worded{Kind::domain_reputation, "550 Die Absenderdomain hat einen schlechten Ruf"},
    Worded{Kind::content, "550 El mensaje ha sido clasificado como spam"},
    Worded{Kind::auth_fail, "550 Échec de la vérification SPF pour example.org"},
    Worded{Kind::policy, "550 Kein Reverse-DNS-Eintrag für 203.0.113.7"},
    Worded{Kind::unknown_user, "550 Destinatário não existe"},
    Worded{Kind::unknown_user, "550 宛先のメールアドレスは存在しません"},
    Worded{Kind::unknown_user, "550 Пользователь не найден"},
    Worded{Kind::mailbox_full, "552 Boîte aux lettres pleine"},
    Worded{Kind::greylist, "451 Graylisting: bitte in 5 Minuten erneut versuchen"},
    Worded{Kind::other, "552 5.3.4 Nachricht zu groß"},
};

TEST(Diagnosis, OtherWordingsAndLanguagesAreRead) {
  for (const Worded& one : worded) EXPECT_EQ(read(one.text).kind, one.kind) << one.text;
}

TEST(Diagnosis, AListNobodyKnowsIsNamedByItsZoneOrItsPage) {
  for (const char* text :
       {"550 203.0.113.7 is in a black list at dnsbl.quarry.example",
        "554 5.7.1 Ihr Server [203.0.113.7] steht auf der Blacklist dnsbl.quarry.example",
        "550 Blocked by RBL (dnsbl.quarry.example) - 203.0.113.7",
        "554 5.7.1 Blocked - see http://dnsbl.quarry.example/query?ip=203.0.113.7"}) {
    const Diagnosis found = read(text);
    EXPECT_EQ(found.kind, Kind::ip_blocklist_public) << text;
    EXPECT_EQ(lists(found), "dnsbl.quarry.example") << text;
    EXPECT_EQ(found.listed_address, "203.0.113.7") << text;
  }
  std::string many = "550 203.0.113.7 is listed in";
  for (int i = 0; i < 40; ++i) many += " bl" + std::to_string(i) + ".quarry.example,";
  EXPECT_EQ(read(many).lists.size(), 8U);
  EXPECT_EQ(lists(read("550 203.0.113.7 listed in bl.quarry.example and rbl.oak.example")),
            "bl.quarry.example,rbl.oak.example");
  EXPECT_EQ(read("550 5.7.1 sender domain is listed in dbl.quarry.example").kind,
            Kind::domain_reputation);
  EXPECT_EQ(lists(read("550 5.1.1 <a@b.example>: user unknown in mail.quarry.example")), "");
  EXPECT_EQ(lists(read("554 5.4.4 mail server blacklist.quarry.example not reachable")), "");
  // A number that is a section of an RFC is no address of ours.
  EXPECT_EQ(read("501 Invalid HELO name (See RFC2821 4.1.1.1)").listed_address, "");
}

TEST(Diagnosis, AReceiverNobodyKnowsIsNamedByHisPage) {
  EXPECT_EQ(lists(read("554 5.7.1 We have blocked 203.0.113.7, see "
                       "http://postmaster.quarry-mail.co.uk/blocked")),
            "quarry-mail");
  EXPECT_EQ(lists(read("554 5.7.1 We have blocked 203.0.113.7")), "");
}

TEST(Diagnosis, AListThatCouldNotBeAskedIsToldByItsZoneAndIsNoListing) {
  const Diagnosis found = read(
      "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using "
      "zen.spamhaus.org; Error: open resolver");
  EXPECT_EQ(lists(found), "");
  EXPECT_EQ(found.zone, "zen.spamhaus.org");
}

// Kind, lists, our address and a reply, in a dozen languages; written for this test, not from it.
TEST(DiagnosisGolden, WordingsOfManyServersAndLanguages) {
  const auto path =
      std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/refusals/wordings.tsv";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::size_t read_lines = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::array<std::string, 4> cells;
    std::istringstream in(line);
    for (std::string& cell : cells) std::getline(in, cell, '\t');
    const auto& [kind, named, ours, text] = cells;
    const Diagnosis found = read(text);
    EXPECT_EQ(kind_name(found.kind), kind) << text;
    EXPECT_EQ(found.listed_address, ours == "-" ? "" : ours) << text;
    const auto wanted = static_cast<std::size_t>(
        named == "-" ? 0 : 1 + std::count(named.begin(), named.end(), ','));
    EXPECT_EQ(found.lists.size(), wanted) << text << " names " << lists(found);
    for (const NamedList& list : found.lists) {
      const std::string family = list.id.substr(0, list.id.find('-'));
      EXPECT_NE(named.find(family), std::string::npos) << text << " names " << list.id;
    }
    ++read_lines;
  }
  EXPECT_GT(read_lines, 300U);
}

TEST(DiagnosisGolden, GreetingRefusalsAreExplainedToLaymenInBothLanguages) {
  struct Told {
    std::string_view text;
    std::array<const char*, 2> words;  // in both languages, beside the address
  };
  const std::array refusals = {
      Told{"554 IP=203.0.113.7 - None/bad reputation. Ask your postmaster for help or to contact "
           "tobr@rx.t-online.de for reset. (NOWL)",
           {"203.0.113.7", "t-online.de"}},
      Told{"554 IP=203.0.113.7 - A problem occurred. (Ask your postmaster for help or to contact "
           "tosa@rx.t-online.de to clarify.) (BL)",
           {"203.0.113.7", "t-online.de"}},
      Told{"550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=203.0.113.7",
           {"203.0.113.7", "ipcheck.proofpoint.com/?ip=203.0.113.7"}},
      Told{"554-gmx.net (mxgmx007) Nemesis ESMTP Service not available 554-No SMTP service "
           "554-IP address is black listed. 554 For explanation visit "
           "http://postmaster.gmx.com/en/error-messages?ip=203.0.113.7&c=bl",
           {"203.0.113.7", "postmaster.gmx.com/en/error-messages?ip=203.0.113.7&c=bl"}}};
  for (const Language language : {Language::english, Language::german}) {
    const auto explainer = Explainer::open(reader().registry(), language);
    ASSERT_TRUE(explainer.ok());
    for (const Told& one : refusals) {
      const std::string text = (*explainer)->explain(read(one.text));
      for (const char* words : one.words) {
        EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
      }
    }
  }
}

TEST(Diagnosis, OtherAddressesHostsAndNumbersChangeNothing) {
  std::mt19937 random(7);
  const auto number = [&](int from, int to) {
    return std::to_string(std::uniform_int_distribution(from, to)(random));
  };
  const Diagnosis first = read(
      "host mx9.a.example[198.51.100.4] said: 550 5.7.1 Client host "
      "[203.0.113.7] blocked using bl.spamcop.net, id 4711");
  for (int i = 0; i < 50; ++i) {
    const std::string ours =
        number(11, 99) + "." + number(0, 255) + "." + number(0, 255) + "." + number(1, 254);
    const Diagnosis found =
        read("host mx" + number(1, 99) + ".b" + number(1, 99) + ".example[198.51.100." +
             number(1, 254) + "] said: 550 5.7.1 Client host [" + ours +
             "] blocked using bl.spamcop.net, id " + number(1, 99999));
    EXPECT_EQ(found.kind, first.kind);
    EXPECT_EQ(lists(found), lists(first));
    EXPECT_EQ(found.listed_address, ours);
  }
}

TEST(Diagnosis, EmptyAndHugeTextsAreTaken) {
  EXPECT_EQ(read("").confidence, 0);
  EXPECT_EQ(read(std::string(1 << 20, 'x')).kind, Kind::other);
  EXPECT_EQ(read("550 user unknown " + std::string(1 << 20, ' ')).kind, Kind::unknown_user);
}

}  // namespace
}  // namespace leumund::diagnosis
