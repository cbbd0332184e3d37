#include "wire/message_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

const base::HashKey key{};

// Reads `raw` in pieces of `step` bytes.
MessageView read(std::string_view raw, std::size_t step = 1 << 20, MessageLimits limits = {}) {
  MessageReader reader(key, limits);
  const std::size_t gap = raw.find("\n\n");
  const HeaderFields fields(raw.substr(0, gap + 1));
  std::string_view body = raw.substr(gap + 2);
  reader.begin(fields.get("Content-Type"), fields.get("Content-Transfer-Encoding"),
               fields.get("Content-Disposition"));
  for (; !body.empty(); body.remove_prefix(std::min(step, body.size()))) {
    reader.feed(body.substr(0, step));
  }
  return reader.finish();
}

const std::string nested =
    "Content-Type: multipart/mixed; boundary=\"out\"\n\n"
    "preamble nobody sees\n"
    "--out\n"
    "Content-Type: multipart/alternative; boundary=out-in\n\n"
    "--out-in\nContent-Type: text/plain\n\nplain words\n"
    "--out-in\nContent-Type: text/html\n\n<p>html words\n"
    "--out-in--\n"
    "--out\n"
    "Content-Type: image/png; name=\"=?utf-8?Q?bild=5F1.png?=\"\n"
    "Content-Transfer-Encoding: base64\n\n"
    "iVBORw0KGgo=\n"
    "--out--\nepilogue\n";

TEST(MessageReader, OfAlternativesTheHtmlIsSeen) {
  const MessageView view = read(nested);
  EXPECT_EQ(view.text, "html words\n");
  EXPECT_EQ(view.shape, "mixed(alternative(plain html) png)");
  ASSERT_EQ(view.attachments.size(), 1U);
  EXPECT_EQ(view.attachments[0].name, "bild_1.png");
  EXPECT_EQ(view.attachments[0].bytes, 8U);
  EXPECT_EQ(view.images, 1U);
  EXPECT_FALSE(view.broken_mime);
}

TEST(MessageReader, CutsAnywhereChangeNothing) {
  std::string crlf = nested;
  for (std::size_t at = nested.find("\n\n") + 2; (at = crlf.find('\n', at)) != std::string::npos;
       at += 2) {
    crlf.replace(at, 1, "\r\n");
  }
  for (const std::string& raw : {nested, crlf}) {
    const MessageView whole = read(raw);
    for (std::size_t step = 1; step < 40; ++step) {
      const MessageView pieces = read(raw, step);
      EXPECT_EQ(pieces.text, whole.text) << step;
      EXPECT_EQ(pieces.shape, whole.shape) << step;
      ASSERT_EQ(pieces.attachments.size(), 1U);
      EXPECT_EQ(pieces.attachments[0].digest, whole.attachments[0].digest) << step;
    }
  }
}

TEST(MessageReader, PlainTextCountsWhereTheHtmlIsEmpty) {
  const MessageView view = read(
      "Content-Type: multipart/alternative; boundary=b\n\n"
      "--b\n\nplain words\n--b\nContent-Type: text/html\n\n<p> </p>\n--b--\n");
  EXPECT_EQ(view.text, "plain words\n");
}

TEST(MessageReader, BrokenMimeIsReadAsMailProgramsDo) {
  // No end, the outer boundary within the inner part, a boundary that the header does not name.
  EXPECT_EQ(read("Content-Type: multipart/mixed; boundary=o\n\n--o\n"
                 "Content-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--o\n\ntwo")
                .text,
            "one\ntwo\n");
  EXPECT_EQ(read("Content-Type: multipart/mixed; boundary=x\n\n--other\n"
                 "Content-Type: text/plain\n\nwords\n--other--\n")
                .text,
            "words\n");
  const MessageView none = read("Content-Type: multipart/mixed; boundary=x\n\njust words\n");
  EXPECT_EQ(none.text, "just words\n");
  EXPECT_TRUE(none.broken_mime);
  EXPECT_EQ(read("Content-Type: multipart/mixed; boundary=x\n\n--x\n"
                 "Content-Type: text/plain\nno empty line above\n--x--\n")
                .text,
            "no empty line above\n");
}

TEST(MessageReader, ABodyWithoutHeadersSaysWhatItIs) {
  EXPECT_EQ(read("X: y\n\n--abc123\nContent-Type: text/html\n\n<p>words\n--abc123--\n").text,
            "words\n");
  EXPECT_EQ(read("X: y\n\n<html><body>words</body></html>").text, "words\n");
  EXPECT_EQ(read("X: y\n\na < b -- c\n--abc\nd\n").text, "a < b -- c\n--abc\nd\n");
}

TEST(MessageReader, AttachedMessagesAreQuoted) {
  const MessageView view = read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\n"
      "Content-Type: message/rfc822\n\nSubject: x\nContent-Type: "
      "text/html\n\n<b>inner</b>\n--b--\n");
  EXPECT_EQ(view.text, "see below\n");
  EXPECT_EQ(view.quoted, "inner\n");
  EXPECT_EQ(view.shape, "mixed(plain rfc822(html))");
}

TEST(MessageReader, CharsetsAndEncodingsGiveUtf8) {
  EXPECT_EQ(read("Content-Type: text/plain; charset=iso-8859-1\n"
                 "Content-Transfer-Encoding: quoted-printable\n\nGr=FC=\n=DFe\n")
                .text,
            "Gr\xC3\xBC\xC3\x9F"
            "e\n");
  EXPECT_EQ(read("Content-Type: text/plain; charset=koi8-r\n"
                 "Content-Transfer-Encoding: base64\n\n8NLJ18XU\n")
                .text,
            "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82\n");
}

TEST(MessageReader, NulsAndControlCharactersAreBlanks) {
  EXPECT_EQ(read(std::string("X: y\n\na\0b\x01"
                             "c\n",
                             12))
                .text,
            "a b c\n");
}

TEST(MessageReader, ArchivesAreListed) {
  // One stored file "a.exe" of one byte, as zip writes it.
  const std::string zip =
      "UEsDBAoAAAAAAAAAIQC379yDAQAAAAEAAAAFAAAAYS5leGVhUEsBAhQACgAAAAAAAAAhALfv3IMBAAAAAQAAAAUAAAAA"
      "AAAAAAAAAAAAAAAAAGEuZXhlUEsFBgAAAAABAAEAMwAAACQAAAAAAA==";
  const MessageView view = read(
      "Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + zip);
  ASSERT_EQ(view.attachments.size(), 1U);
  ASSERT_EQ(view.attachments[0].members.size(), 1U);
  EXPECT_EQ(view.attachments[0].members[0].name, "a.exe");
  EXPECT_EQ(view.attachments[0].members[0].size, 1U);
  EXPECT_EQ(view.attachments[0].members[0].checksum, 0x83DCEFB7U);
}

TEST(MessageReader, SignsOfTheParts) {
  EXPECT_TRUE(read("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n").calendar);
  EXPECT_TRUE(read("Content-Type: multipart/report; boundary=b\n\n--b--\n").report);
  EXPECT_TRUE(read("Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n").signed_or_encrypted);
}

TEST(MessageReader, TenThousandPartsAndDeepNestingAreBounded) {
  std::string parts = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 30'000; ++i) parts += "--b\nContent-Type: image/gif\n\nx\n";
  const MessageView many = read(parts + "--b\n\nwords\n");
  EXPECT_TRUE(many.truncated);
  EXPECT_LE(many.attachments.size(), MessageLimits{}.attachments);
  EXPECT_LE(many.shape.size(), 512U);
  std::string deep = "Content-Type: multipart/mixed; boundary=b0\n\n";
  for (int i = 0; i < 5'000; ++i) {
    const std::string level = std::to_string(i);
    deep += "--b" + level + "\nContent-Type: multipart/mixed; boundary=b" + std::to_string(i + 1) +
            "\n\n";
  }
  EXPECT_TRUE(read(deep).truncated);
}

TEST(MessageReader, ThirtyMegabytesTakeBoundedMemoryAndTime) {
  MessageReader reader(key);
  const auto begin = std::chrono::steady_clock::now();
  reader.begin("multipart/mixed; boundary=b", "", "");
  reader.feed("--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n");
  const std::string line = std::string(76, 'Q') + "\r\n";
  std::string piece;
  while (piece.size() < 60'000) piece += line;
  for (int i = 0; i < 500; ++i) reader.feed(piece);
  reader.feed("--b\n\nwords\n--b--\n");
  const MessageView& view = reader.finish();
  EXPECT_EQ(view.text, "words\n");
  ASSERT_EQ(view.attachments.size(), 1U);
  EXPECT_EQ(view.attachments[0].bytes, 500 * (piece.size() / line.size()) * 57);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(MessageReader, TextBeyondTheLimitIsNotKept) {
  MessageLimits limits;
  limits.encoded_text_bytes = 10'000;
  limits.text_bytes = 1'000;
  const MessageView view = read("X: y\n\n" + std::string(20'000, 'x'), 777, limits);
  EXPECT_LE(view.text.size(), 1'001U);
  EXPECT_TRUE(view.truncated);
}

TEST(MessageReader, NothingOfTheMessageBeforeIsLeft) {
  MessageReader reader(key);
  reader.begin("multipart/mixed; boundary=b", "", "");
  reader.feed("--b\nContent-Type: application/pdf\n\nhalf");
  reader.begin("", "", "");
  reader.feed("words");
  const MessageView& view = reader.finish();
  EXPECT_EQ(view.text, "words\n");
  EXPECT_TRUE(view.attachments.empty());
}

}  // namespace
}  // namespace leumund::wire
