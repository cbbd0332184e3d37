#include "wire/mime_rest.h"

#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

std::string rest(std::string_view raw) {
  std::string out;
  append_rest_decoded(raw, out);
  return out;
}

TEST(MimeRest, PartsAreDecodedAsTheirHeadersSay) {
  EXPECT_EQ(rest("--a\r\nContent-Transfer-Encoding: base64\r\n\r\nd29yZHM=\r\n--a--\r\nmore\r\n"),
            "words\nmore\r\n");
  EXPECT_EQ(rest("Content-Type: text/plain;\n charset=utf-8\n"
                 "Content-Transfer-Encoding: quoted-printable\n\nw=6Frds\n"),
            "words\n");
  EXPECT_EQ(rest("--a\nContent-Type: image/png\n\nbytes\n--a\nX: y\n\nwords\n"), "words\n");
  EXPECT_EQ(rest("Content-Type: message/rfc822\n\nSubject: x\n\nwords\n"), "words\n");
}

TEST(MimeRest, WhatStandsBeforeTheFirstPartOfAMultipartIsNotShown) {
  EXPECT_EQ(rest("Content-Type: multipart/mixed; boundary=b\n\njunk\n--b\n\nwords\n"), "words\n");
}

TEST(MimeRest, PlainTextStays) {
  EXPECT_EQ(rest("just words\n-- \nand a name\n"), "just words\n-- \nand a name\n");
}

TEST(MimeRest, BytesTellWhereTheHeaderIsWrong) {
  using enum TransferEncoding;
  const std::string_view words = "we meet on Monday at eight as always, please bring the minutes";
  const std::string digits =
      "d2UgbWVldCBvbiBNb25kYXkgYXQgZWlnaHQgYXMgYWx3YXlzLCBwbGVhc2UgYnJpbmcgdGhl\r\nIG1pbnV0ZXM="
      "\r\n";
  EXPECT_EQ(encoding_by_content(words, base64), identity);
  EXPECT_EQ(encoding_by_content(words, identity), identity);
  EXPECT_EQ(encoding_by_content(words, quoted_printable), quoted_printable);
  EXPECT_EQ(encoding_by_content(digits, identity), base64);
  EXPECT_EQ(encoding_by_content(digits, base64), base64);
  EXPECT_EQ(encoding_by_content("=77=65=20=6D=65=65=74=20=6F=6E=20=4D=6F=6E=64", identity),
            quoted_printable);
  EXPECT_EQ(encoding_by_content("", base64), base64);
  EXPECT_EQ(encoding_by_content("we me=\net on Mon=\nday at ei=\nght as always, please", identity),
            quoted_printable);
  std::string headlines;
  for (int i = 0; i < 9; ++i) headlines += "A headline of the day\n=====================\n";
  EXPECT_EQ(encoding_by_content(headlines, identity), identity);
  // Decoders pass over what is no digit: that makes it no plain text.
  std::string spread;
  for (std::size_t i = 0; i < 360; ++i)
    spread += digits.substr(i % 72, 1) + (i % 9 == 0 ? ". " : "");
  EXPECT_EQ(encoding_by_content(spread, base64), base64);
  std::string boxes;
  for (int i = 0; i < 300; ++i) boxes += "<div>";
  EXPECT_EQ(encoding_by_content(boxes, identity), identity) << "though decoded it has no controls";
}

}  // namespace
}  // namespace leumund::wire
