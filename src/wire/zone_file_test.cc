// rbldnsd's zone files: what is read of them, and that what is written reads back.
#include "wire/zone_file.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/zone_file_write.h"

namespace leumund::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Entries as lines of text.
class Lines final : public ZoneSink {
 public:
  explicit Lines(const ZoneValues& values) : values_(values) {}
  void add_range4(const ZoneRange4& range, std::uint32_t value) override {
    put(fmt::format("{}-{}/{}", text4(range.first), text4(range.last), range.bits), value);
  }
  void add_prefix6(const ZonePrefix6& prefix, std::uint32_t value) override {
    put(fmt::format("{}/{}", text6(prefix.address), prefix.bits), value);
  }
  void add_name(const DnsName& name, bool itself, bool below, std::uint32_t value) override {
    put(fmt::format("{}{}{}", itself ? "=" : "", below ? "<" : "", name.to_text()), value);
  }
  void add_record(ZoneRecord record) override {
    lines.push_back(fmt::format("{} {} {} {}", record.name.to_text(), record.ttl, record.type,
                                record.data.size()));
  }
  void begin_part(ZoneFormat format, std::vector<DnsName> subzones) override {
    lines.push_back(fmt::format("part {} {}", zone_format_name(format), subzones.size()));
  }
  void end_part(const ZoneScope& scope) override { scopes.push_back(scope); }

  std::vector<std::string> lines;
  std::vector<ZoneScope> scopes;

 private:
  void put(const std::string& what, std::uint32_t value) {
    if (value == zone_excluded) {
      lines.push_back(what + " excluded");
    } else if (value >= zone_ignore) {
      lines.push_back(fmt::format("{} action {}", what, value - zone_ignore));
    } else if (value > values_.size()) {
      lines.push_back(what);
    } else {
      const ZoneValue full = values_.at(value);
      lines.push_back(fmt::format("{} {}:{}", what, text4(full.address), full.text));
    }
  }
  const ZoneValues& values_;
};

struct Read {
  explicit Read(ZoneFormat format, std::string_view text, ZoneReadOptions options = {.now = 1000})
      : sink(values), reader(format, options, values, sink) {
    reader.begin_file("bl");
    status = reader.read(text);
    if (status.ok()) status = reader.end_file();
    if (status.ok()) reader.finish();
  }
  ZoneValues values;
  Lines sink;
  ZoneReader reader;
  base::Status status;
};

TEST(zone_file, ip4set_takes_addresses_prefixes_and_ranges_with_octets_left_out) {
  const Read read(ZoneFormat::ip4set,
                  "127.0.0.1\n127.0.0\n127.16-31\n127/8\n127.0.0.1-255\n127.16.0.0/12\n");
  EXPECT_THAT(
      read.sink.lines,
      ElementsAre(
          "127.0.0.1-127.0.0.1/32 127.0.0.2:", "127.0.0.0-127.0.0.255/24 127.0.0.2:",
          "127.16.0.0-127.31.255.255/32 127.0.0.2:", "127.0.0.0-127.255.255.255/8 127.0.0.2:",
          "127.0.0.1-127.0.0.255/32 127.0.0.2:", "127.16.0.0-127.31.255.255/12 127.0.0.2:"));
  EXPECT_EQ(read.reader.warning_count(), 0U);
}

TEST(zone_file, values_are_address_and_text_with_what_is_left_out_taken_from_the_default) {
  const Read read(ZoneFormat::ip4set,
                  ":127.0.0.2:IP $ is listed\n127.0.0.4\n127.0.0.5 :5\n127.0.0.6 :6:\n"
                  "127.0.0.7 own text\n127.0.0.8 ; comment\n!127.0.0.9 text\n");
  EXPECT_THAT(
      read.sink.lines,
      ElementsAre(HasSubstr("127.0.0.2:IP $ is listed"), HasSubstr("127.0.0.5:IP $ is listed"),
                  testing::EndsWith("127.0.0.6:"), HasSubstr("127.0.0.2:own text"),
                  HasSubstr("127.0.0.2:IP $ is listed"), HasSubstr("excluded")));
}

TEST(zone_file, a_default_holds_to_the_end_of_its_file) {
  ZoneValues values;
  Lines sink(values);
  ZoneReader reader(ZoneFormat::ip4set, {}, values, sink);
  reader.begin_file("one");
  ASSERT_TRUE(reader.read(":9:nine\n1.2.3.4\n").ok() && reader.end_file().ok());
  reader.begin_file("two");
  ASSERT_TRUE(reader.read("1.2.3.5").ok() && reader.end_file().ok());
  EXPECT_THAT(sink.lines,
              ElementsAre(HasSubstr("127.0.0.9:nine"), testing::EndsWith("127.0.0.2:")));
}

TEST(zone_file, wrong_lines_are_named_with_file_and_line_and_left_out) {
  const Read read(ZoneFormat::ip4set, "300.1.1.1\n\n1.2.3.4/24\n10\n1.2.3.4 :0:no\n0.0.0.0/0\n");
  EXPECT_TRUE(read.sink.lines.empty());
  EXPECT_EQ(read.reader.warning_count(), 5U);
  EXPECT_EQ(read.reader.warnings()[1].to_text(),
            "bl:3: the address has bits beyond its network (see -e)");
}

TEST(zone_file, host_bits_are_taken_away_where_the_operator_allows_them) {
  const Read read(ZoneFormat::ip4trie, "1.2.3.4/24\n", {.host_bits = true});
  EXPECT_THAT(read.sink.lines, ElementsAre("1.2.3.0-1.2.3.255/24 127.0.0.2:"));
}

TEST(zone_file, a_largest_range_can_be_set_and_only_lowered) {
  const Read read(ZoneFormat::ip4set, "$MAXRANGE4 /24\n$MAXRANGE4 65536\n1.2.3.0/24\n1.2.0.0/23\n");
  EXPECT_EQ(read.sink.lines.size(), 1U);
  EXPECT_EQ(read.reader.warning_count(), 2U);
}

TEST(zone_file, specials_say_what_holds_for_the_zone) {
  const Read read(ZoneFormat::dnset,
                  "$SOA 1h ns.ex admin.ex 7 2h 30m 1w 20m\n#$NS 0 a.ex -off.ex b.ex\n;$TTL 5m\n"
                  ":$1 one\n$= base $=\n$SOA 1 other.ex admin.ex 1 1 1 1 1\n");
  ASSERT_TRUE(read.reader.head().soa && read.reader.head().servers);
  EXPECT_EQ(read.reader.head().soa->ttl, 3600U);
  EXPECT_EQ(read.reader.head().soa->minimum, 1200U);
  EXPECT_EQ(read.reader.head().soa->primary.to_text(), "ns.ex");
  EXPECT_EQ(read.reader.head().servers->names.size(), 2U);
  EXPECT_EQ(read.reader.head().servers->ttl, 2100U);
  EXPECT_EQ(read.sink.scopes.front().ttl, 300U);
  EXPECT_EQ(read.sink.scopes.front().templates.variables[1], "one");
  EXPECT_EQ(read.sink.scopes.front().templates.base, "base $=");
  EXPECT_EQ(read.reader.warning_count(), 0U);
}

TEST(zone_file, times_to_live_keep_the_operators_bounds) {
  const ZoneReadOptions bounds{.ttl = 60, .ttl_min = 30, .ttl_max = 90};
  EXPECT_EQ(Read(ZoneFormat::ip4set, "$TTL 5\n", bounds).sink.scopes[0].ttl, 30U);
  EXPECT_EQ(Read(ZoneFormat::ip4set, "$TTL 2m\n", bounds).sink.scopes[0].ttl, 90U);
  EXPECT_EQ(Read(ZoneFormat::ip4set, "$TTL 0\n", bounds).sink.scopes[0].ttl, 60U);
}

TEST(zone_file, data_from_the_future_is_refused_and_expiry_is_kept) {
  const ZoneReadOptions at{.now = 1'795'309'200};  // 2026-11-22 01:00
  EXPECT_FALSE(Read(ZoneFormat::ip4set, "$TIMESTAMP 2026:11:22:01:30\n1.2.3.4\n", at).status.ok());
  const Read read(ZoneFormat::ip4set, "$TIMESTAMP 20261122 +1d\n", at);
  EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(read.reader.head().expires_at, 1'795'392'000);
}

TEST(zone_file, ip4tset_has_one_value_for_all_and_whole_addresses) {
  const Read read(ZoneFormat::ip4tset, "1.2.3.4\n1.2.3\n:5:all\n:6:never\n");
  EXPECT_THAT(read.sink.lines, ElementsAre(HasSubstr("1.2.3.4-1.2.3.4/32")));
  EXPECT_EQ(read.values.at(read.sink.scopes[0].single_value).text, "all");
}

TEST(zone_file, ip6_entries_take_short_forms_and_exclusions) {
  const Read trie(ZoneFormat::ip6trie, "2001:db8:c000/36\n::1\n!2605:42::bead\n2001\n");
  EXPECT_THAT(trie.sink.lines, ElementsAre(HasSubstr("2001:db8:c000::/36"), HasSubstr("::1/128"),
                                           "2605:42::bead/128 excluded"));
  const Read set(ZoneFormat::ip6tset, "2001:db8:0:1\n2001:db8::1\n!2001:db8:0:1::9\n");
  EXPECT_THAT(set.sink.lines,
              ElementsAre(HasSubstr("2001:db8:0:1::/64"), "2001:db8:0:1::9/128 excluded"));
}

TEST(zone_file, dnset_tells_names_from_what_lies_below_them) {
  const Read read(ZoneFormat::dnset, "Example.com\n*.a.org\n.b.org :4:x\n!c.org\n*.\n");
  EXPECT_THAT(read.sink.lines, ElementsAre("=example.com 127.0.0.2:", "<a.org 127.0.0.2:",
                                           "=<b.org 127.0.0.4:x", "=c.org excluded"));
}

TEST(zone_file, generic_records_have_name_time_type_and_value) {
  const Read read(
      ZoneFormat::generic,
      "@ A 127.0.0.8\nwww 90 IN txt \"some text\"\nx MX 10 mx.ex\ny AAAA ::1\nz MX mx\n");
  EXPECT_THAT(read.sink.lines, ElementsAre(". 2100 1 4", "www 90 16 10", "x 2100 15 9"));
  EXPECT_EQ(read.reader.warning_count(), 2U);
}

TEST(zone_file, combined_files_hold_datasets_with_settings_of_their_own) {
  const Read read(ZoneFormat::combined,
                  "$TTL 60\n$1 all\n$DATASET ip4set:name sub @\n$TTL 90\n1.2.3.4\n"
                  "$DATASET dnset names # comment\nexample.com\n");
  EXPECT_THAT(read.sink.lines, ElementsAre("part ip4set 2", HasSubstr("1.2.3.4"), "part dnset 1",
                                           HasSubstr("example.com")));
  EXPECT_EQ(read.sink.scopes[0].ttl, 90U);
  EXPECT_EQ(read.sink.scopes[1].ttl, 60U);
  EXPECT_EQ(read.sink.scopes[1].templates.variables[1], "all");
  EXPECT_FALSE(Read(ZoneFormat::combined, "1.2.3.4\n").status.ok());
  EXPECT_FALSE(Read(ZoneFormat::combined, "$DATASET combined x\n").status.ok());
}

TEST(zone_file, access_rules_are_actions_or_values) {
  const Read read(ZoneFormat::acl,
                  "10.0.0.1\n:refuse\n10.0.0.0/8\n2001:db8::/32 =pass\n"
                  "127.0.0.1 :7:you\n::1 :EMPTY\n1.2.3.4 =nothing\n");
  EXPECT_THAT(read.sink.lines,
              ElementsAre(HasSubstr("action 0"), HasSubstr("action 1"), HasSubstr("action 3"),
                          HasSubstr("127.0.0.7:you"), HasSubstr("action 2")));
  EXPECT_EQ(read.reader.warning_count(), 1U);
}

TEST(zone_file, lines_may_come_in_any_pieces) {
  const std::string text = ":5:five\r\n1.2.3.4\r\n!1.2.3.5\n1.2.3.6 own";
  const Read whole(ZoneFormat::ip4set, text);
  ZoneValues values;
  Lines sink(values);
  ZoneReader reader(ZoneFormat::ip4set, {}, values, sink);
  reader.begin_file("bl");
  for (const char c : text) ASSERT_TRUE(reader.read({&c, 1}).ok());
  ASSERT_TRUE(reader.end_file().ok());
  EXPECT_EQ(sink.lines, whole.sink.lines);
  EXPECT_EQ(sink.lines.size(), 3U);
}

TEST(zone_file, a_line_without_end_is_cut_and_the_next_is_read) {
  const Read read(ZoneFormat::ip4set, "1.2.3.4 " + std::string(200'000, 'x') + "\n1.2.3.5\n");
  EXPECT_EQ(read.sink.lines.size(), 2U);
  EXPECT_EQ(read.reader.warning_count(), 2U);  // the line, and its text
}

std::string expanded(std::string_view text, const ZoneTemplates& templates) {
  std::array<char, zone_text_bytes_max> out;
  return {out.data(), expand_zone_text(text, "127.0.0.2", templates, out)};
}

TEST(zone_values, texts_take_variables_and_what_is_listed) {
  ZoneTemplates templates;
  templates.variables[1] = "See http://ex/bl";
  EXPECT_EQ(expanded("$1/spam/$ $2 $$$", templates),
            "See http://ex/bl/spam/127.0.0.2 $2 $127.0.0.2");
  EXPECT_EQ(expanded("=plain", templates), "plain");
  templates.base = "See $= ($)";
  EXPECT_EQ(expanded("r123", templates), "See r123 (127.0.0.2)");
  EXPECT_EQ(expanded("", templates), "See 127.0.0.2 (127.0.0.2)");
  EXPECT_EQ(expanded("=own $", templates), "own 127.0.0.2");
  EXPECT_EQ(expanded(std::string(300, '$'), {}).size(), 150U);
  EXPECT_EQ(expanded(std::string(200, 'x') + "$$$$$$" + std::string(100, 'y'), {}).size(), 255U);
}

TEST(zone_values, a_value_is_kept_once_and_found_after_growing) {
  ZoneValues values;
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
      EXPECT_EQ(values.intern({i, fmt::format("text {}", i)}), i + 1);
    }
  }
  values.finish();
  EXPECT_EQ(values.at(1000).text, "text 999");
  EXPECT_EQ(values.size(), 1000U);
}

TEST(zone_file_write, what_is_written_reads_back) {
  std::string out;
  ZoneFileWriter writer(out);
  ZoneHead head;
  head.soa = ZoneSoa{.ttl = 60,
                     .primary = *DnsName::parse("ns.ex"),
                     .person = *DnsName::parse("a.ex"),
                     .serial = 9,
                     .refresh = 1,
                     .retry = 2,
                     .expire = 3,
                     .minimum = 4};
  head.servers = ZoneServers{.ttl = 70, .names = {*DnsName::parse("ns.ex")}};
  head.expires_at = 1'795'392'001;
  writer.head(head);
  ZoneScope scope;
  scope.ttl = 90;
  scope.templates.variables[3] = "three";
  writer.scope(scope);
  const ZoneValue value{0x7f000004, "a $ b"};
  writer.range4({0x01020304, 0x01020309, 32}, &value, true);
  writer.range4({0x01020000, 0x0102ffff, 16}, nullptr, true);
  const Read read(ZoneFormat::ip4set, out);
  EXPECT_EQ(read.reader.head().soa, head.soa);
  EXPECT_EQ(read.reader.head().servers, head.servers);
  EXPECT_EQ(read.reader.head().expires_at, head.expires_at);
  EXPECT_EQ(read.sink.scopes[0].ttl, 90U);
  EXPECT_EQ(read.sink.scopes[0].templates, scope.templates);
  EXPECT_THAT(read.sink.lines,
              ElementsAre("1.2.3.4-1.2.3.9/32 127.0.0.4:a $ b", "1.2.0.0-1.2.255.255/16 excluded"));
}

}  // namespace
}  // namespace leumund::wire
