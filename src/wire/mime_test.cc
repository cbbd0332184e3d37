#include "wire/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

MimeTree scan(std::string_view raw, MimeLimits limits = {}) {
  MimeTree tree;
  scan_mime(raw, tree, limits);
  return tree;
}

std::string text_of(const MimePart& part) {
  CharsetReader charsets;
  std::string out;
  append_part_text(part, 1 << 20, charsets, out);
  return out;
}

std::string decoded(std::string_view value) {
  CharsetReader charsets;
  return decode_header(value, charsets);
}

TEST(Mime, AMessageWithoutHeadersIsItsBody) {
  EXPECT_EQ(scan("just words\n").parts[0].body, "just words\n");
  EXPECT_THAT(scan("").parts, SizeIs(1));
}

TEST(Mime, FindsPartsOfNestedMultiparts) {
  const MimeTree tree = scan(
      "From x@y.example Tue Nov  3\nContent-Type: multipart/mixed; boundary=a\n\npreamble\n"
      "--a\nContent-Type: multipart/alternative; boundary=\"b b\"\n\n--b b\n\nplain\n--b b\n"
      "Content-Type: text/html\n\n<p>x\n--b b--\n--a\nContent-Type: message/rfc822\n\n"
      "Subject: in\n\nbody\n--a--\nepilogue\n");
  ASSERT_THAT(tree.parts, SizeIs(6));
  EXPECT_EQ(tree.parts[2].body, "plain");
  EXPECT_EQ(tree.parts[2].parent, 1U);
  EXPECT_EQ(tree.parts[3].kind, MimeKind::text_html);
  EXPECT_EQ(tree.parts[3].body, "<p>x");
  EXPECT_EQ(tree.parts[4].kind, MimeKind::message);
  EXPECT_EQ(tree.parts[5].header, "Subject: in\n");
  EXPECT_EQ(tree.parts[5].body, "body");
}

TEST(Mime, AnOuterBoundaryEndsPartsThatWereNeverClosed) {
  const MimeTree tree = scan(
      "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n"
      "Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\none\r\n--out\r\n\r\ntwo\r\n");
  ASSERT_THAT(tree.parts, SizeIs(4));
  EXPECT_EQ(tree.parts[2].body, "one");
  EXPECT_EQ(tree.parts[3].body, "two\r\n");
  EXPECT_EQ(tree.parts[3].parent, 0U);
}

TEST(Mime, AdoptsTheBoundaryThatTheBodyUses) {
  const MimeTree tree = scan(
      "Content-Type: multipart/mixed; boundary=said\n\n--meant\nContent-Type: text/plain\n\none\n"
      "--meant--\n");
  ASSERT_THAT(tree.parts, SizeIs(2));
  EXPECT_EQ(tree.parts[1].body, "one");
}

TEST(Mime, StopsAtItsLimits) {
  std::string raw = "Content-Type: multipart/mixed; boundary=a\n\n";
  for (int i = 0; i < 100; ++i) raw += "--a\n\nx\n";
  const MimeTree tree = scan(raw, {.parts = 10, .depth = 4});
  EXPECT_THAT(tree.parts, SizeIs(10));
  EXPECT_TRUE(tree.truncated);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "Content-Type: message/rfc822\n\n";
  EXPECT_THAT(scan(deep, {.parts = 1'000, .depth = 4}).parts, SizeIs(5));
}

TEST(Mime, DecodesTextInItsCharset) {
  EXPECT_EQ(text_of(scan("Content-Type: text/plain; charset=iso-8859-1\n"
                         "Content-Transfer-Encoding: quoted-printable\n\nB=FCro=20=\n zu=\r\n\n")
                        .parts[0]),
            "B\xC3\xBCro  zu\n");
  EXPECT_EQ(text_of(scan("Content-Type: text/plain; charset=koi8-r\n"
                         "Content-Transfer-Encoding: base64\n\n8NLJ\n18XU\n")
                        .parts[0]),
            "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82");
}

TEST(Mime, HtmlBecomesLines) {
  EXPECT_EQ(text_of(scan("Content-Type: text/html\n\n<style>x{}</style><p>One &lt;a@b.example&gt;"
                         "<br>Two&nbsp;&#8211; <a@b.example</p><!-- no -->\n<p>Three")
                        .parts[0]),
            "One <a@b.example>\nTwo \xE2\x80\x93 <a@b.example\nThree");
}

TEST(Mime, SplitsAnMboxAtItsSeparatorsOnly) {
  EXPECT_THAT(split_mbox("From a Tue Nov  3 10:00:00 2026\nA: 1\n\nFrom here on\n\n"
                         "From b Tue Nov  3 10:00:01 2026\nB: 2\n\nx\n"),
              ElementsAre("A: 1\n\nFrom here on\n\n", "B: 2\n\nx\n"));
  EXPECT_THAT(split_mbox("A: 1\n\nx\n\nFrom b Tue\nB: 2\n"), SizeIs(1));
}

TEST(MimeHeader, UnfoldsAndDecodesWords) {
  EXPECT_EQ(decoded("=?utf-8?Q?Abwesenheit_b?=\r\n =?UTF-8?q?is_7=2E?= bald"),
            "Abwesenheit bis 7. bald");
  // A character cut in two between two words.
  EXPECT_EQ(decoded("=?utf-8?B?w7zD?= =?utf-8?B?vA==?="), "\xC3\xBC\xC3\xBC");
  EXPECT_EQ(decoded("=?iso-2022-jp?B?GyRCJWEhPCVrGyhC?="), "\xE3\x83\xA1\xE3\x83\xBC\xE3\x83\xAB");
  EXPECT_EQ(decoded("plain =?broken"), "plain =?broken");
}

TEST(MimeHeader, ReadsParametersAlsoContinuedOnes) {
  EXPECT_EQ(header_parameter("multipart/mixed; boundary=\"a;\\\"b\"; x=y", "boundary"), "a;\"b");
  EXPECT_EQ(header_parameter("text/plain; name*0*=utf-8''%C3%BC; name*1=x", "name"), "\xC3\xBCx");
  EXPECT_FALSE(header_parameter("text/plain; charset", "charset"));
}

TEST(MimeHeader, FindsAddresses) {
  EXPECT_EQ(address_of("\"Erika, x@y.example\" <erika@ziel.example>"), "erika@ziel.example");
  EXPECT_EQ(address_of("rfc822; erika@ziel.example"), "erika@ziel.example");
  EXPECT_EQ(address_of("undisclosed"), "");
  EXPECT_EQ(address_of("<a@[192.0.2.1]>."), "a@[192.0.2.1]");
  EXPECT_EQ(find_address("mail to=a+b@c.example, x")->in("mail to=a+b@c.example, x"),
            "a+b@c.example");
}

}  // namespace
}  // namespace leumund::wire
