#include "fingerprint/print_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace leumund::fingerprint
