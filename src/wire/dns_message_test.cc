// Queries as they come and answers as they leave.
#include "wire/dns_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leumund::wire {
namespace {

using Bytes = std::vector<std::uint8_t>;
using namespace std::string_literals;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string header(std::uint16_t flags, int questions = 1, int additional = 0) {
  std::string out = "\x12\x34"s;
  out += static_cast<char>(flags >> 8);
  out += static_cast<char>(flags & 0xff);
  for (const int count : {questions, 0, 0, additional}) {
    out += '\0';
    out += static_cast<char>(count);
  }
  return out;
}

const std::string name =
    "\1"
    "2\1"
    "0\1"
    "0\3"
    "127\2BL\2eX\0"s;

std::string question(std::uint16_t type = dns_type::a, char klass = 1) {
  return name + '\0' + static_cast<char>(type) + '\0' + klass;
}

TEST(dns_message, reads_a_query_with_its_labels_in_small_letters) {
  DnsQuery query;
  const Bytes packet = bytes_of(header(0x0100) + question());
  ASSERT_EQ(read_dns_query(packet, query), DnsQueryState::good);
  EXPECT_EQ(dns_name_text(query.name_view()), "2.0.0.127.bl.ex");
  EXPECT_EQ(query.labels, 6);
  EXPECT_EQ(query.label_at[query.labels] + 1, query.name_bytes);
  EXPECT_EQ(query.question_end, packet.size());
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_FALSE(query.edns);
  EXPECT_EQ(query.udp_bytes, 512);
}

TEST(dns_message, ignores_answers_so_that_two_servers_do_not_talk_for_ever) {
  DnsQuery query;
  EXPECT_EQ(read_dns_query(bytes_of(header(0x8100) + question()), query), DnsQueryState::ignore);
  EXPECT_EQ(read_dns_query(bytes_of("short"), query), DnsQueryState::ignore);
}

TEST(dns_message, refuses_what_is_no_single_whole_question) {
  DnsQuery query;
  for (const std::string& bad :
       {header(0x0100, 2) + question(), header(0x0100, 0), header(0x0100) + "\3ab",
        header(0x0100) + name, header(0x0100) + "\xc0\x0c\0\1\0\1"s,
        header(0x0100) + std::string(300, '\1'), header(0x0100) + "\x40" + std::string(80, 'a')}) {
    EXPECT_EQ(read_dns_query(bytes_of(bad), query), DnsQueryState::malformed);
  }
}

TEST(dns_message, orders_and_other_opcodes_are_not_implemented) {
  DnsQuery query;
  EXPECT_EQ(read_dns_query(bytes_of(header(0x2800) + question()), query),
            DnsQueryState::not_implemented);
  EXPECT_EQ(read_dns_query(bytes_of(header(0) + question(252)), query),
            DnsQueryState::not_implemented);
}

TEST(dns_message, finds_edns_also_behind_another_record) {
  DnsQuery query;
  const std::string opt = "\0\0\x29\x04\xd0\0\0\x80\0\0\0"s;
  ASSERT_EQ(read_dns_query(bytes_of(header(0, 1, 1) + question() + opt), query),
            DnsQueryState::good);
  EXPECT_TRUE(query.edns);
  EXPECT_EQ(query.udp_bytes, 1232);
  const std::string other = "\1x\0\0\1\0\1\0\0\0\0\0\4abcd"s;
  ASSERT_EQ(read_dns_query(bytes_of(header(0, 1, 2) + question() + other + opt), query),
            DnsQueryState::good);
  EXPECT_TRUE(query.edns);
  // A length that leads outside is no EDNS, and no reason to read outside.
  ASSERT_EQ(
      read_dns_query(bytes_of(header(0, 1, 1) + question() + opt.substr(0, 9) + "\xff\xff"), query),
      DnsQueryState::good);
  EXPECT_FALSE(query.edns);
}

struct Written {
  explicit Written(const std::string& packet_text, std::size_t limit = 512)
      : packet(bytes_of(packet_text)), out(600) {
    EXPECT_EQ(read_dns_query(packet, query), DnsQueryState::good);
    writer.emplace(packet, query, out, limit);
  }
  std::string finish(DnsCode code = DnsCode::no_error) {
    const std::size_t size = writer->finish(code, true);
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  Bytes packet;
  Bytes out;
  DnsQuery query;
  std::optional<DnsAnswerWriter> writer;
};

TEST(dns_message, answers_with_the_question_in_its_own_letters) {
  Written written(header(0x0100) + question());
  written.writer->add_answer(dns_type::a, 2100, "\x7f\0\0\2"s);
  EXPECT_EQ(written.finish(), "\x12\x34\x85\0\0\1\0\1\0\0\0\0"s + question() +
                                  "\xc0\x0c\0\1\0\1\0\0\x08\x34\0\4\x7f\0\0\2"s);
}

TEST(dns_message, a_record_is_not_repeated_and_a_set_has_one_time_to_live) {
  Written written(header(0) + question());
  written.writer->add_answer(dns_type::a, 100, "\x7f\0\0\2"s);
  written.writer->add_answer(dns_type::a, 50, "\x7f\0\0\2"s);
  written.writer->add_answer(dns_type::a, 70, "\x7f\0\0\3"s);
  EXPECT_EQ(written.writer->answers(), 2U);
  const std::string answer = written.finish();
  const std::size_t first = 12 + question().size();
  EXPECT_EQ(answer.substr(first + 6, 4), "\0\0\0\x32"s);
  EXPECT_EQ(answer.substr(first + 16 + 6, 4), "\0\0\0\x32"s);
}

TEST(dns_message, what_does_not_fit_sets_the_truncation_bit_and_leaves_no_part) {
  Written written(header(0) + question(dns_type::txt), 100);
  written.writer->add_answer(dns_type::txt, 1, std::string(40, 'a'));
  written.writer->add_answer(dns_type::txt, 1, std::string(40, 'b'));
  const std::string answer = written.finish();
  EXPECT_EQ(answer.size(), 12 + question().size());
  EXPECT_EQ(answer[2] & 0x02, 0x02);
  EXPECT_EQ(answer[7], 0);
}

TEST(dns_message, zone_records_are_compressed_against_the_question) {
  DnsRecordBlock block(*DnsName::parse("bl.ex"));
  block.add(dns_type::ns, 60, {*DnsName::parse("ns1.bl.ex")}, "");
  block.add(dns_type::ns, 60, {*DnsName::parse("ns1.bl.ex")}, "");
  Written written(header(0) + question());
  written.writer->add_answer(dns_type::a, 1, "\x7f\0\0\2"s);
  written.writer->add_authority_block(block, 7);
  const std::string answer = written.finish();
  const std::size_t at = 12 + question().size() + 16;
  // The zone's name stands in the question behind "2.0.0.127".
  EXPECT_EQ(answer.substr(at, 18), "\xc0\x16\0\2\0\1\0\0\0\x3c\0\6\3ns1\xc0\x16"s);
  EXPECT_EQ(answer.substr(at + 18),
            "\xc0\x16\0\2\0\1\0\0\0\x3c\0\2\xc0"s + static_cast<char>(at + 12));
}

TEST(dns_message, edns_is_answered_with_edns_and_its_codes) {
  const std::string opt = "\0\0\x29\x10\0\0\1\0\0\0\0"s;
  Written written(header(0, 1, 1) + question() + opt);
  EXPECT_EQ(written.query.edns_version, 1);
  const std::string answer = written.finish(DnsCode::bad_version);
  EXPECT_EQ(answer.substr(answer.size() - 11), "\0\0\x29\x04\xd0\1\0\0\0\0\0"s);
  EXPECT_EQ(answer[11], 1);
}

TEST(dns_message, an_error_is_a_header_alone) {
  Bytes out(12);
  const Bytes packet = bytes_of(header(0x2910) + "junk");
  ASSERT_EQ(write_dns_error(packet, DnsCode::form_error, out), 12U);
  EXPECT_EQ(std::string(out.begin(), out.end()), "\x12\x34\xa9\1\0\0\0\0\0\0\0\0"s);
}

TEST(dns_name, reads_text_with_escapes_and_drops_empty_labels) {
  EXPECT_EQ(DnsName::parse("A.b..c.")->bytes(), "\1a\1b\1c\0"s);
  EXPECT_EQ(DnsName::parse("a\\.b.\\099")->bytes(), "\3a.b\1c\0"s);
  EXPECT_EQ(DnsName::parse("a\\.b.\\001")->to_text(), "a\\.b.\\001");
  EXPECT_TRUE(DnsName::parse("")->is_root());
  EXPECT_FALSE(DnsName::parse(std::string(64, 'a')));
  EXPECT_TRUE(DnsName::parse(std::string(63, 'a')));
  EXPECT_FALSE(DnsName::parse("\\300"));
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_EQ(DnsName::parse(longest)->bytes().size(), 255U);
  EXPECT_FALSE(DnsName::parse(longest + "a"));
}

}  // namespace
}  // namespace leumund::wire
