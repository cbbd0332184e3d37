#include "fingerprint/print_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

namespace leumund::fingerprint {
namespace {

using model::FacetKind;
using model::Fingerprint;
using model::MailClass;
using model::MailSign;
using model::TextKind;

const std::string pills =
    "Our pharmacy ships genuine medicine to your door without any prescription at all.\n"
    "Order before Friday and the second package costs nothing, delivery included.\n"
    "Thousands of customers already trust the quality of these Canadian tablets.\n";

class PrintMakerTest : public testing::Test {
 protected:
  Fingerprint of(const std::string& raw, const Envelope& envelope = {}) {
    return mail(raw, envelope).print;
  }
  MailPrint mail(const std::string& raw, const Envelope& envelope = {}) {
    return print_of_message(raw, envelope, maker_);
  }
  Fingerprint plain(const std::string& body, const std::string& headers = "") {
    return of("Subject: offer\n" + headers + "\n" + body);
  }
  Fingerprint html(const std::string& body) {
    return plain(body, "Content-Type: text/html; charset=utf-8\n");
  }

  PrintMaker maker_{PrintSettings{}, base::HashKey{}};
};

// --- the text

TEST_F(PrintMakerTest, SameTextHasSameSketchWhateverTheEncoding) {
  const Fingerprint expected = plain(pills);
  ASSERT_EQ(expected.text, TextKind::full);
  const Fingerprint quoted = plain(
      "Our pharma=\ncy ships genuine medicine to your door without =61ny "
      "prescription at all.\n"
      "Order before Friday and the second package costs nothing, delivery included.\n"
      "Thousands of customers already trust the quality of these Canadian tablet=73.\n",
      "Content-Transfer-Encoding: quoted-printable\n");
  EXPECT_EQ(quoted.sketch, expected.sketch);
}

TEST_F(PrintMakerTest, AnotherTextIsNotSimilar) {
  const Fingerprint other = plain(
      "The committee meets on Monday in the town hall to discuss repairs of the old bridge.\n"
      "Please bring the minutes of our last session and your written comments on the budget.\n");
  EXPECT_LT(model::similarity(plain(pills), other), 0.1);
}

TEST_F(PrintMakerTest, NothingOfTheMessageBeforeIsLeft) {
  const Fingerprint first = plain(pills);
  (void)of("Subject: x\nReply-To: a@b.example\n\nhttp://spam.example/abc see here\n");
  EXPECT_EQ(plain(pills), first);
}

TEST_F(PrintMakerTest, TricksWithLettersChangeNothing) {
  const Fingerprint expected = plain(pills);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = pills;
    text.replace(text.find(from), from.size(), to);
    return plain(text, "Content-Type: text/plain; charset=utf-8\n");
  };
  const Fingerprint cyrillic = with("pharmacy", "ph\xD0\xB0rm\xD0\xB0\xD1\x81y");
  EXPECT_EQ(cyrillic.sketch, expected.sketch);
  EXPECT_TRUE(cyrillic.has(MailSign::lookalikes));
  const Fingerprint zero_width = with("medicine", "med\xE2\x80\x8Bic\xE2\x81\xA0ine");
  EXPECT_EQ(zero_width.sketch, expected.sketch);
  EXPECT_TRUE(zero_width.has(MailSign::invisible_characters));
  EXPECT_EQ(with("medicine",
                 "medi\xC2\xAD"
                 "cine")
                .sketch,
            expected.sketch);
  EXPECT_EQ(with("medicine", "\xE2\x80\xAEmedicine\xE2\x80\xAC").sketch, expected.sketch);
  EXPECT_EQ(with("genuine", "\xEF\xBD\x87\xEF\xBD\x85nuine").sketch, expected.sketch);
  EXPECT_EQ(with("genuine", "\xF0\x9D\x90\xA0\xF0\x9D\x90\x9Enuine").sketch, expected.sketch);
  EXPECT_EQ(with("genuine", "g\xCE\xB5nuin\xC3\xA9").sketch, expected.sketch);
  EXPECT_EQ(with("genuine", "GeNuiNe").sketch, expected.sketch);
  EXPECT_EQ(with("pharmacy", "p h a r m a c y").sketch, expected.sketch);
  EXPECT_EQ(with("pharmacy", "p.h.a.r.m.a.c.y").sketch, expected.sketch);
  EXPECT_EQ(with("medicine", "med1cine").words, expected.words);
  EXPECT_EQ(with("tablets", "t4blets").sketch, expected.sketch);
  EXPECT_FALSE(expected.has(MailSign::lookalikes) || expected.has(MailSign::invisible_characters));
}

TEST_F(PrintMakerTest, HonestRussianIsNoLookalike) {
  const Fingerprint print = plain(
      "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xD0\xBC\xD0\xB8\xD1\x80 and English words",
      "Content-Type: text/plain; charset=utf-8\n");
  EXPECT_FALSE(print.has(MailSign::lookalikes));
}

TEST_F(PrintMakerTest, WhatIsPersonalChangesNothing) {
  const Fingerprint expected = plain(pills);
  const auto same = [&](const std::string& body) {
    EXPECT_EQ(plain(body).sketch, expected.sketch) << body;
  };
  same("Hello John,\n" + pills);
  same("Sehr geehrte Frau Meier,\n" + pills + "\nMit freundlichen Gruessen\nKarin\n");
  same(pills + "\n-- \nDr. A. Meier\nTel. +49 30 1234567\n");
  same(pills + "12345 http://spam.example/x?id=7 www.spam.example/99 a@b.example 3.5.2021\n");
  same(pills + "\n> quoted words that somebody else wrote before\n> and more of them\n");
  same(pills + "\nOn Mon, 3 May 2021, A B <a@b.example> wrote:\nolder words of an older mail\n");
  same(pills + "\n-----Original Message-----\nFrom: a\nolder words of an older mail here\n");
  same(pills + "\nVon: A\nGesendet: Montag\nAn: B\nBetreff: C\n\nolder words of an older mail\n");
  same(pills + "\nThis e-mail and any attachments are confidential and may be privileged.\n");
  same(pills + "\nSent from my iPhone\n");
  same(pills + "\n_______________________________________________\nlist mailing list\n");
}

TEST_F(PrintMakerTest, NamesOfRecipientAndSenderChangeNothing) {
  const std::vector<std::string> recipients = {"karin.schulze@example.org"};
  Envelope envelope;
  envelope.account = "p.wagner@tenant.example";
  envelope.recipients = recipients;
  const Fingerprint print =
      of("Subject: x\nTo: \"Karin Schulze\" <karin.schulze@example.org>\n\nOur pharmacy ships "
         "genuine Karin Schulze medicine to your door without any prescription at all.\n"
         "Order before Friday and the second package costs Wagner nothing, delivery included.\n"
         "Thousands of customers already trust the quality of these Canadian tablets.\n",
         envelope);
  EXPECT_EQ(print.sketch, plain(pills).sketch);
}

TEST_F(PrintMakerTest, SpamBelowAQuoteLineIsStillSeen) {
  const Fingerprint expected = plain(pills);
  for (const std::string& cover :
       {std::string("-----Original Message-----\n"), std::string("-- \n"),
        std::string("On Monday A <a@b.example> wrote:\n")}) {
    const Fingerprint print = plain("ok\n" + cover + pills);
    EXPECT_EQ(print.text, TextKind::full) << cover;
    EXPECT_GT(model::similarity(print, expected), 0.7) << cover;
  }
  std::string quoted;
  for (std::size_t at = 0; at < pills.size();) {
    const std::size_t end = pills.find('\n', at) + 1;
    quoted += "> " + pills.substr(at, end - at);
    at = end;
  }
  const Fingerprint print = plain(quoted);
  EXPECT_GT(model::similarity(print, expected), 0.9);
  EXPECT_TRUE(print.has(MailSign::text_is_quoted));
}

const std::string minutes =
    "Thank you for sending the minutes of the meeting, I have no further remarks on them myself.\n";
const std::string garden =
    "We shall be in the garden until five o'clock, so do come by with the children if you like.\n";

TEST_F(PrintMakerTest, WhatStandsBelowTheWritersTextIsReadWhateverStandsAbove) {
  const std::string spam =
      pills + "Order at http://pills.example/now or write to doc@pills.example\n";
  for (const std::string line : {"-----Original Message-----\n", "On Monday Ann wrote:\n\n",
                                 "-- \n", "____________________________\n"}) {
    const Fingerprint a = plain(minutes + line + spam);
    const Fingerprint b = plain(garden + line + spam);
    EXPECT_EQ(model::similarity(a, b), 0) << line << "the writers' own texts differ";
    EXPECT_GE(model::shared_phrases(a, b), 4U) << line;
    std::size_t shared = 0;
    for (std::size_t i = 0; i < a.facet_count; ++i) {
      shared += a.facet_kinds[i] == FacetKind::quoted_domain &&
                b.has_facet(FacetKind::quoted_domain, a.facet_hashes[i]);
    }
    EXPECT_EQ(shared, 2U) << line << "link and address";
  }
  const Fingerprint disclaimed =
      plain(minutes + "\nIf you are not the intended recipient:\n" + pills);
  EXPECT_GE(model::shared_phrases(disclaimed, plain(garden + "-- \n" + pills)), 4U);
}

TEST_F(PrintMakerTest, WhoQuotesAMailHasNotWrittenIt) {
  const std::string spam = pills + "Order at http://pills.example/now\n";
  const Fingerprint sent = plain(spam);
  const Fingerprint answer = plain(
      "Is this really from you? It looks as if somebody had got hold of your password.\n"
      "-----Original Message-----\n" +
          spam,
      "In-Reply-To: <x@y.example>\n");
  EXPECT_EQ(model::shared_phrases(sent, answer), 0U);
  for (std::size_t i = 0; i < sent.facet_count; ++i) {
    if (sent.facet_kinds[i] != FacetKind::url_domain) continue;
    EXPECT_FALSE(answer.has_facet(FacetKind::url_domain, sent.facet_hashes[i]));
  }
}

TEST_F(PrintMakerTest, WhoHasTheLineOfAListInHisTextIsNotLikeShortSpamThatWasSentToTheList) {
  const std::string line =
      "You receive this mail because you are a member of our group of gardeners. To leave it "
      "please "
      "write to gardeners-leave@groups.example and wait for the answer.\n";
  const Fingerprint spam = plain("Call me back please\n-- \n" + line);
  const Fingerprint more = plain("Did you get my first message\n-- \n" + line);
  const Fingerprint quoting = plain(garden + line + minutes);
  EXPECT_EQ(spam.text, TextKind::full);
  EXPECT_EQ(model::shared_phrases(spam, quoting), 0U);
  for (std::size_t i = 0; i < spam.facet_count; ++i) {
    if (spam.facet_kinds[i] != FacetKind::quoted_domain) continue;
    EXPECT_FALSE(quoting.has_facet(FacetKind::quoted_domain, spam.facet_hashes[i]));
  }
  EXPECT_GE(model::shared_phrases(spam, more), 10U) << "such spam still finds its like";
}

TEST_F(PrintMakerTest, NameAndTelephoneBelowAMailAreNoText) {
  const Fingerprint with = plain(minutes + "-- \nAnn Smith\nTel. 030 1234567\n");
  EXPECT_EQ(with.phrases, plain(minutes).phrases);
}

TEST_F(PrintMakerTest, HiddenTextOfHtmlIsNotPartOfIt) {
  const Fingerprint shown = html("<p>" + pills + "</p>");
  const Fingerprint print =
      html("<p>" + pills + "<span style='font-size:0'>kettle onyx willow cabinet</span></p>");
  EXPECT_EQ(print.sketch, shown.sketch);
  EXPECT_EQ(shown.sketch, plain(pills).sketch);
  EXPECT_TRUE(print.has(MailSign::hidden_text));
  EXPECT_FALSE(shown.has(MailSign::hidden_text));
}

TEST_F(PrintMakerTest, RewrittenSentencesShareTheirPhrases) {
  const Fingerprint rewritten = plain(
      "Thousands of clients already trust the quality of these Canadian tablets. Winter is near.\n"
      "Our pharmacy sends real medicine to your house without any prescription at all.\n");
  EXPECT_LT(model::similarity(plain(pills), rewritten), 0.6);
  EXPECT_GE(model::shared_phrases(plain(pills), rewritten), 2U);
  EXPECT_EQ(model::shared_phrases(plain(pills), plain("The committee meets on Monday in the town "
                                                      "hall to discuss repairs of the bridge.\n")),
            0U);
}

// The common words of a text are read sixteen bytes at a time, its end and odd words one by one.
TEST_F(PrintMakerTest, WordsReadTheSameWhereverTheyStand) {
  const std::string words =
      "a be sea four fives sixsix sevenses eightfold ninefolds tenfoldten elevenfold twelvefolds "
      "thirteenfolds fourteenfolded fifteenfoldings sixteenfoldings0 don't well-known (brackets) "
      "\"quotes\" x/y end";
  std::string padded;
  for (std::size_t at = 0; at <= words.size(); ++at) {
    const std::size_t end = words.find(' ', at);
    padded += words.substr(at, end - at) + "\n";
    if (end == std::string::npos) break;
    at = end;
  }
  const Fingerprint print = plain(words);
  EXPECT_EQ(plain(padded).sketch, print.sketch);
  EXPECT_EQ(plain(words + std::string(40, ' ')).sketch, print.sketch);
  std::string marked = words;
  for (std::size_t at = 0; (at = marked.find(' ', at)) != std::string::npos; at += 4) {
    marked.replace(at, 1, "\xE2\x80\x8B ");  // no word is plain ASCII any more
  }
  EXPECT_EQ(plain(marked, "Content-Type: text/plain; charset=utf-8\n").sketch, print.sketch);
}

// --- what has no text

TEST_F(PrintMakerTest, ShortAndEmptyMailHasItsOwnKind) {
  EXPECT_EQ(plain("").text, TextKind::empty);
  EXPECT_EQ(plain("\n \n").text, TextKind::empty);
  const Fingerprint brief = plain("Please call me back about the parcel\n");
  EXPECT_EQ(brief.text, TextKind::brief);
  EXPECT_EQ(brief.facet_hashes, plain("please  call me back, about the PARCEL!\n").facet_hashes);
  EXPECT_EQ(plain("http://spam.example/x\n").text, TextKind::link_only);
  EXPECT_EQ(html("<a href=http://spam.example/x><img src=http://spam.example/i.png></a>").text,
            TextKind::image_only);
  EXPECT_EQ(of("Content-Type: image/png\n\npng").text, TextKind::image_only);
}

// --- facets

TEST_F(PrintMakerTest, FacetsStayWhereTheTextVaries) {
  const Fingerprint a =
      of("Subject: =?utf-8?Q?Re:_Your_order_=23123?=\nX-Mailer: Sender 1.2.3\nReply-To: "
         "boss@evil.example\n\nhttp://go.spam.example/a/123 one two three\n");
  const Fingerprint b =
      of("Subject: your ORDER #77\nX-Mailer: Sender 1.4\nReply-To: Boss <BOSS@evil.example>\n\n"
         "http://go.spam.example/b/99 nothing alike in here\n");
  const auto shared = [&](FacetKind kind) {
    for (std::size_t i = 0; i < a.facet_count; ++i) {
      if (a.facet_kinds[i] == kind && b.has_facet(kind, a.facet_hashes[i])) return true;
    }
    return false;
  };
  EXPECT_TRUE(shared(FacetKind::subject));
  EXPECT_TRUE(shared(FacetKind::mailer));
  EXPECT_TRUE(shared(FacetKind::contact));
  EXPECT_TRUE(shared(FacetKind::url_domain));
  EXPECT_TRUE(shared(FacetKind::url_template));
  EXPECT_FALSE(shared(FacetKind::url_page));
  EXPECT_FALSE(shared(FacetKind::brief_text));
}

TEST_F(PrintMakerTest, SubjectsWithAChangingLastWordShareTheirParts) {
  const auto parts_of = [](const Fingerprint& print) {
    std::vector<std::uint64_t> parts;
    for (std::size_t i = 0; i < print.facet_count; ++i) {
      if (print.facet_kinds[i] == FacetKind::subject_part) parts.push_back(print.facet_hashes[i]);
    }
    return parts;
  };
  const auto first = of("Subject: The only best online pills store for you okvtp\n\n" + pills);
  const auto other = of("Subject: The only best online pills store for you mqlx\n\n" + pills);
  ASSERT_THAT(parts_of(first), testing::SizeIs(2));
  int shared = 0;
  for (const std::uint64_t part : parts_of(other)) {
    shared += first.has_facet(FacetKind::subject_part, part);
  }
  EXPECT_GE(shared, 1);
  EXPECT_THAT(parts_of(of("Subject: minutes of Monday\n\n" + pills)), testing::IsEmpty())
      << "one run is the subject itself";
}

TEST_F(PrintMakerTest, AnotherKeyGivesOtherHashes) {
  base::HashKey key;
  key.bytes[0] = 1;
  PrintMaker other(PrintSettings{}, key);
  const std::string raw = "Subject: offer\n\n" + pills + "http://spam.example/x\n";
  const Fingerprint theirs = print_of_message(raw, {}, other).print;
  const Fingerprint ours = of(raw);
  EXPECT_LT(model::similarity(ours, theirs), 0.05);
  EXPECT_EQ(model::shared_phrases(ours, theirs), 0U);
  for (std::size_t i = 0; i < ours.facet_count; ++i) {
    EXPECT_FALSE(theirs.has_facet(ours.facet_kinds[i], ours.facet_hashes[i]));
  }
}

TEST_F(PrintMakerTest, AMailFullOfLinksKeepsItsOtherFacets) {
  std::string body;
  for (int i = 0; i < 1'000; ++i) {
    const std::string n = std::to_string(i);
    body += "http://d" + n + ".example/x bit.ly/" + n + " c" + n + "@e.example\n";
  }
  const Fingerprint print = plain(body, "X-Mailer: x\n");
  std::size_t links = 0;
  bool subject = false;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    links += print.facet_kinds[i] == FacetKind::url_domain;
    subject = subject || print.facet_kinds[i] == FacetKind::subject;
  }
  EXPECT_EQ(links, 12U);
  EXPECT_TRUE(subject);
}

// --- signs of honest kinds

TEST_F(PrintMakerTest, LinksToCommonHostsInFrontDoNotHideTheOneBehindThem) {
  const Fingerprint alone = plain(pills + "http://pills.example/order/now\n");
  const auto shares = [&](const Fingerprint& other, FacetKind kind) {
    for (std::size_t i = 0; i < alone.facet_count; ++i) {
      if (alone.facet_kinds[i] == kind) return other.has_facet(kind, alone.facet_hashes[i]);
    }
    return false;
  };
  std::string decoys;
  for (const char* host :
       {"google.com", "youtube.com", "facebook.com", "twitter.com", "instagram.com", "linkedin.com",
        "microsoft.com", "apple.com", "amazon.de", "wikipedia.org", "github.com", "paypal.com",
        "ebay.de", "dhl.de", "reddit.com", "adobe.com"}) {
    decoys += "http://" + std::string(host) + "/some/page\n";
  }
  for (const std::string& body : {decoys + pills + "http://pills.example/order/now\n",
                                  pills + decoys + decoys + "http://pills.example/order/now\n"}) {
    const Fingerprint hidden = plain(body);
    EXPECT_TRUE(shares(hidden, FacetKind::url_domain));
    EXPECT_TRUE(shares(hidden, FacetKind::url_template));
    EXPECT_TRUE(shares(hidden, FacetKind::url_page));
  }
  // Seven of his own choice that hardly anybody links to are not enough either.
  std::string rare;
  for (int i = 0; i < 7; ++i) rare += "http://rare" + std::to_string(i) + ".example/\n";
  EXPECT_TRUE(
      shares(plain(rare + pills + "http://pills.example/order/now\n"), FacetKind::url_domain));
}

TEST_F(PrintMakerTest, TheOrderOfLinksAndAddressesDecidesNothing) {
  std::string forwards = pills;
  std::string backwards = pills;
  for (int i = 0; i < 30; ++i) {
    forwards +=
        "http://h" + std::to_string(i) + ".example/p or a" + std::to_string(i) + "@c.example\n";
    backwards += "http://h" + std::to_string(29 - i) + ".example/p or a" + std::to_string(29 - i) +
                 "@c.example\n";
  }
  const Fingerprint a = plain(forwards);
  const Fingerprint b = plain(backwards);
  EXPECT_EQ(a.facet_hashes, b.facet_hashes);
  EXPECT_EQ(a.facet_kinds, b.facet_kinds);
}

TEST_F(PrintMakerTest, HonestKindsAreTold) {
  EXPECT_TRUE(plain(pills, "Auto-Submitted: auto-replied\n").has(MailSign::auto_submitted));
  EXPECT_FALSE(plain(pills, "Auto-Submitted: no\n").has(MailSign::auto_submitted));
  EXPECT_TRUE(plain(pills, "List-Id: <a.b.example>\n").has(MailSign::list));
  EXPECT_TRUE(plain(pills, "Precedence: bulk\n").has(MailSign::bulk_precedence));
  EXPECT_TRUE(plain(pills, "In-Reply-To: <x@y>\n").has(MailSign::reply));
  EXPECT_TRUE(plain("yes\n> " + pills, "References: <x@y>\n").has(MailSign::quotes));
  EXPECT_TRUE(plain("fyi\n---------- Forwarded message ---------\n" + pills)
                  .has(MailSign::forwarded_by_hand));
  EXPECT_EQ(plain(pills, "List-Id: <a.b.example>\n").mail_class, MailClass::bulk);
  EXPECT_EQ(plain(pills).mail_class, MailClass::personal);
}

TEST_F(PrintMakerTest, ScriptsNameThemselves) {
  const std::string php = "X-PHP-Originating-Script: 33:contact.php(12) : eval()'d code\n";
  EXPECT_EQ(mail("Subject: x\n" + php + "\nwords").script, "uid33:contact.php(12) : eval()'d code");
  PrintSettings settings;
  settings.identity_headers = {"X-Site"};
  PrintMaker maker(settings, base::HashKey{});
  EXPECT_EQ(print_of_message("x-site: shop7\n\nwords", {}, maker).script, "x-site:shop7");
}

TEST_F(PrintMakerTest, ForwardedMailCountsForItsRuleUnlessSomebodyLoggedIn) {
  const std::string raw =
      "Received: from x\nDelivered-To: alias@ours.example\nTo: alias@ours.example\n\nwords";
  const std::vector<std::string> recipients = {"me@elsewhere.example"};
  Envelope envelope;
  envelope.recipients = recipients;
  const MailPrint forwarded = mail(raw, envelope);
  EXPECT_TRUE(forwarded.forwarded);
  EXPECT_EQ(forwarded.forward_rule, "alias@ours.example");
  EXPECT_EQ(forwarded.print.mail_class, MailClass::forward);
  envelope.account = "hacked@ours.example";
  const MailPrint pretended = mail(raw, envelope);
  EXPECT_FALSE(pretended.forwarded);
  EXPECT_NE(pretended.print.mail_class, MailClass::forward);
  EXPECT_TRUE(pretended.print.has(MailSign::redirected));
}

TEST_F(PrintMakerTest, MailThatArrivedForSomebodyWhomNoHeaderNamesIsAForward) {
  const std::vector<std::string> recipients = {"Me@Elsewhere.example"};
  Envelope envelope;
  envelope.recipients = recipients;
  const auto redirected = [&](const std::string& headers) {
    return mail("Received: from x\n" + headers + "\nwords", envelope)
        .print.has(MailSign::redirected);
  };
  EXPECT_TRUE(redirected("To: list@ours.example\n"));
  EXPECT_FALSE(redirected("To: a@b.example, ME@elsewhere.EXAMPLE\n"));
  EXPECT_FALSE(redirected("To: a@b.example\nCc: c@d.example\nCc: me@elsewhere.example\n"));
}

TEST_F(PrintMakerTest, HeadersAndEnvelopesFullOfAddressesAreReadOnce) {
  std::vector<std::string> recipients;
  for (int i = 0; i < 50'000; ++i) recipients.push_back(std::to_string(100'000 + i) + "@b.cc");
  Envelope envelope;
  envelope.recipients = recipients;
  const auto named = [](int headers) {
    std::string raw = "Received: from x\n";
    for (int h = 0; h < headers; ++h) {
      raw += "To: ";
      for (int i = 0; i < 19; ++i) raw += std::to_string(900'000 + h * 19 + i) + "@b.cc,";
      raw += "900000@b.cc\n";
    }
    return raw + "\nwords";
  };
  EXPECT_TRUE(mail(named(49), envelope).print.has(MailSign::redirected));
  const std::clock_t began = std::clock();  // processor time: others may be busy
  const MailPrint print = mail(named(900), envelope);
  EXPECT_LT(std::clock() - began, CLOCKS_PER_SEC);
  EXPECT_FALSE(print.print.has(MailSign::redirected)) << "too many to say that none is named";
}

TEST_F(PrintMakerTest, SrsSendersAreForwards) {
  Envelope envelope;
  envelope.sender = "SRS0=HHH=TT=orig.example=user@forwarder.example";
  const MailPrint print = mail("Subject: x\n\nwords", envelope);
  EXPECT_TRUE(print.forwarded);
  EXPECT_EQ(print.forward_rule, "@forwarder.example");
}

TEST_F(PrintMakerTest, EventsWithoutBodyAreUnseen) {
  model::Submission submission;
  submission.helo = "pc7";
  EXPECT_EQ(print_of(submission, maker_).print.text, TextKind::unseen);
  submission.headers = {{"Subject", "offer"}};
  submission.body = pills;
  EXPECT_EQ(print_of(submission, maker_).print.sketch, plain(pills).sketch);
}

TEST_F(PrintMakerTest, ALargeMessageIsCutAndSaysSo) {
  std::string body;
  while (body.size() < 3'000'000) body += pills;
  const Fingerprint print = plain(body);
  EXPECT_TRUE(print.has(MailSign::truncated));
  EXPECT_GT(model::similarity(print, plain(pills)), 0.9);
}

}  // namespace
}  // namespace leumund::fingerprint
