// What people really send when they report a spam from their mail program.
#include "intake/pasted_header.h"

#include <gtest/gtest.h>

#include "intake/injection_trace.h"

namespace leumund::intake {
namespace {

using Found = PastedHeader::Found;

// As "view source" shows it.
const std::string source =
    "Return-Path: <x@bank.example>\n"
    "Delivered-To: anna@example.org\n"
    "Received: from bot.example.net (bot.example.net [203.0.113.7])\n"
    "\tby mx.example.org (Postfix) with ESMTP id 4XyZ0a1b2cz9\n"
    "\tfor <anna@example.org>; Fri, 15 Jan 2027 07:00:00 +0000 (UTC)\n"
    "Received: from mail.bank.example (mail.bank.example [198.51.100.9])\n"
    "\tby bot.example.net with SMTP id 77; Fri, 15 Jan 2027 06:59:00 +0000\n"
    "DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=k;\n"
    "\th=From:To:Subject; bh=abc; b=def\n"
    "From: \"Bank\" <x@bank.example>\n"
    "To: anna@example.org\n"
    "Subject: Ihr Konto\n"
    "Date: Fri, 15 Jan 2027 06:58:59 +0000\n";
const std::string body = "\nDear customer,\nReceived: nothing\n";

std::string with_each_line(const std::string& text, const std::string& before,
                           const std::string& after = "") {
  std::string out;
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    out += before + text.substr(begin, end - begin) + after + "\n";
    begin = end + 1;
  }
  return out;
}

// As a mail program breaks lines of its own text: at blanks, without any indent.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    std::string line = text.substr(begin, end - begin);
    while (line.size() > width) {
      const auto at = line.rfind(' ', width);
      if (at == std::string::npos || at == 0) break;
      out += line.substr(0, at) + "\n";
      line.erase(0, at + 1);
    }
    out += line + "\n";
    begin = end + 1;
  }
  return out;
}

InjectionTrace trace_of(const std::string& text) {
  const std::vector<std::string> names = {"mx.example.org"};
  const auto found = find_pasted_header(text);
  EXPECT_EQ(found.found, Found::header) << text;
  return trace_injection(received_lines(found.lines), {{}, names});
}

void expect_traced(const std::string& text) {
  const auto trace = trace_of(text);
  ASSERT_EQ(trace.hops.size(), 2U) << text;
  ASSERT_TRUE(trace.injector) << text;
  EXPECT_EQ(trace.injector->to_string(), "203.0.113.7");
  EXPECT_TRUE(trace.proven);
  ASSERT_TRUE(trace.hops[0].line.at) << text;
  EXPECT_EQ(base::format_rfc3339(*trace.hops[0].line.at), "2027-01-15T07:00:00Z");
}

TEST(PastedHeader, IsReadAsItIsPasted) {
  expect_traced(source);
  expect_traced(source + body);
  expect_traced("Hello,\nthis came today. What is it?\n\n-- \nAnna\n\n" + source + body);
  expect_traced("From - Fri Jan 15 08:00:00 2027\nX-Mozilla-Status: 0001\n" + source + body);
}

TEST(PastedHeader, IsReadWhereTheMailProgramChangedIt) {
  expect_traced("Spam:\n\n" + with_each_line(source, "> ") + ">\n> Dear customer\n");
  expect_traced("Spam:\n\n" + with_each_line(source, "> > "));
  expect_traced(with_each_line(source, ">"));
  expect_traced(with_each_line(source, "    ") + body);
  expect_traced(with_each_line(source, "", "\r") + body);
  expect_traced("Spam:\n\n" + with_each_line(source, "", "\n"));  // an empty line behind each
  for (std::size_t width = 30; width < 80; ++width) {
    expect_traced(wrapped(source, width));
    expect_traced(with_each_line(wrapped(source, width), "> "));
  }
}

TEST(PastedHeader, OutlooksTargetsBehindNamesAreLeftOut) {
  expect_traced(
      "Received: from bot.example.net<http://bot.example.net> (bot.example.net [203.0.113.7])\n"
      " by mx.example.org<http://mx.example.org/> (Postfix) with ESMTP id 4X\n"
      " for <anna@example.org<mailto:anna@example.org>>; Fri, 15 Jan 2027 07:00:00 +0000\n"
      "Received: from a by b.example; Fri, 15 Jan 2027 06:59:00 +0000\n");
}

// Of a whole header the lines that Exchange shows as "Internet headers".
TEST(PastedHeader, WhatIsBelowTheBlockIsNoneOfIt) {
  const auto found = find_pasted_header(source + body);
  EXPECT_EQ(found.lines.find("Dear"), std::string::npos);
  EXPECT_EQ(found.lines.find("nothing"), std::string::npos);
}

class InlineForward : public testing::TestWithParam<const char*> {};

// Whatever the spam's own text says: the short header tells that it begins.
TEST_P(InlineForward, HasNoHeaderOfTheSpam) {
  const std::string text = GetParam();
  for (const std::string& whole : {text + "\nDear customer,\nclick here\n", text + "\n" + source,
                                   text + source, with_each_line(text + "\n" + source, "> "),
                                   with_each_line(text, "", "\r") + "\r\n" + source,
                                   with_each_line(text, "", "\n") + source}) {
    EXPECT_EQ(find_pasted_header(whole).found, Found::no_header) << whole;
  }
}

INSTANTIATE_TEST_SUITE_P(
    OfPrograms, InlineForward,
    testing::Values(
        // Outlook, English and German
        "Please block this.\n\nFrom: Bank <x@bank.example>\nSent: Friday, January 15, 2027 8:00 "
        "AM\nTo: Anna <anna@example.org>\nSubject: Your account\n",
        "\n-----Original Message-----\nFrom: Bank [mailto:x@bank.example]\nSent: Friday, January "
        "15, 2027 8:00 AM\nTo: Anna\nSubject: Your account\n",
        "Bitte sperren!\n\nVon: Bank <x@bank.example>\nGesendet: Freitag, 15. Januar 2027 "
        "08:00\nAn: Anna Müller <anna@example.org>\nBetreff: Ihr Konto\n",
        "-----Ursprüngliche Nachricht-----\nVon: Bank\nGesendet: Freitag, 15. Januar 2027\nAn: "
        "Anna\nBetreff: Ihr Konto\n",
        "________________________________\nVon: Bank\nGesendet: Freitag, 15. Januar 2027 "
        "08:00\nAn: Anna\nBetreff: Ihr Konto\n",
        // Thunderbird
        "\n\n-------- Forwarded Message --------\nSubject: \tYour account\nDate: \tFri, 15 Jan "
        "2027 06:58:59 +0000\nFrom: \tBank <x@bank.example>\nTo: \tanna@example.org\n\n",
        "\n-------- Weitergeleitete Nachricht --------\nBetreff: \tIhr Konto\nDatum: \tFri, 15 Jan "
        "2027 06:58:59 +0000\nVon: \tBank <x@bank.example>\nAn: \tanna@example.org\n\n",
        // Apple Mail
        "Spam\n\nBegin forwarded message:\n\nFrom: Bank <x@bank.example>\nSubject: Your "
        "account\nDate: 15. January 2027 at 08:00:00 CET\nTo: anna@example.org\n",
        "Anfang der weitergeleiteten Nachricht:\n\nVon: Bank <x@bank.example>\nBetreff: Ihr "
        "Konto\nDatum: 15. Januar 2027 um 08:00:00 MEZ\nAn: anna@example.org\n",
        // Gmail
        "\n---------- Forwarded message ---------\nFrom: Bank <x@bank.example>\nDate: Fri, Jan 15, "
        "2027 at 8:00 AM\nSubject: Your account\nTo: <anna@example.org>\n\n",
        "---------- Weitergeleitete Nachricht ---------\nVon: Bank <x@bank.example>\nDate: Fr., "
        "15. Jan. 2027 um 08:00 Uhr\nSubject: Ihr Konto\nTo: <anna@example.org>\n\n",
        // Others, and answers
        "*De :* Banque <x@bank.example>\n*Envoyé :* vendredi 15 janvier 2027\n*À :* "
        "anna@example.org\n*Objet :* Votre compte\n",
        "Spam!\n\nOn Fri, Jan 15, 2027 at 8:00 AM Bank <x@bank.example> wrote:\n",
        "Am 15.01.27 um 08:00 schrieb Bank:\n",
        "Am 15.01.2027 um 08:00 schrieb Bank mit einem Namen, der umgebrochen wird\n"
        "<x@bank.example>:\n"));

// A spammer may quote himself; who quotes him word by word has not looked where it came from.
TEST(PastedHeader, BelowQuotedTextIsTheSpammers) {
  EXPECT_EQ(
      find_pasted_header("spam\n\n> Dear customer,\n>\n" + with_each_line(source, "> ")).found,
      Found::no_header);
}

TEST(PastedHeader, OrdinaryMailHasNone) {
  for (const std::string text :
       {"", "\n\n", "Hello Anna,\nsee you at 12:30\nBest: Bob\n",
        "Note: see https://example.org/\n", "Received-SPF: pass\n", "-----\n"}) {
    EXPECT_EQ(find_pasted_header(text).found, Found::nothing) << text;
  }
}

TEST(PastedHeader, ReadsNoMoreThanItsLimits) {
  std::string lines = "Received: from a by b; x\n";
  for (int i = 0; i < 100'000; ++i) lines += "a\n";
  const auto found = find_pasted_header(lines);
  EXPECT_LT(found.lines.size(), 4 * pasted_lines_most + 30);
  for (const std::string& part : {std::string("<mailto:"), std::string("1:\n"), std::string("\n"),
                                  std::string("wrote 1"), std::string("> ")}) {
    std::string many;
    while (many.size() < 2 * pasted_bytes_most) many += part;
    EXPECT_EQ(find_pasted_header(many).found, Found::nothing);
    EXPECT_EQ(find_pasted_header("Received: " + many).found, Found::header);
  }
}

}  // namespace
}  // namespace leumund::intake
