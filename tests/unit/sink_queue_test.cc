// The queue of a sink: what is lent, sent, acknowledged, sent again, dropped and counted.

#include "daemon/sinks/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/testing/sink_fixture.h"

namespace redactd::test {
namespace {

using WhenFull = SinkConfig::WhenFull;

struct SinkQueue : testing::Test {
  explicit SinkQueue(WhenFull when_full = WhenFull::block, size_t bound = 10)
      : queue(bound, when_full) {}

  std::string unsent(size_t max_bytes = 1 << 20, size_t max_views = 64) {
    queue.gather(max_bytes, max_views, views);
    std::string all;
    for (std::string_view view : views) all += view;
    return all;
  }

  Queue queue;
  std::vector<std::string_view> views;
};

TEST_F(SinkQueue, GivesBatchesInTheOrderInWhichTheyCame) {
  queue.push(batch_of({"one\n", "two\n"}));
  queue.push(batch_of({"three\n"}));
  EXPECT_EQ(unsent(), "one\ntwo\nthree\n");
  EXPECT_EQ(views.size(), 2u);
  EXPECT_EQ(queue.queued(), 14u);
}

TEST_F(SinkQueue, GathersNoMoreThanAskedForButAlwaysOneBatch) {
  for (const char* record : {"aaaa\n", "bbbb\n", "cccc\n"}) queue.push(batch_of({record}));
  EXPECT_EQ(unsent(10), "aaaa\nbbbb\n");
  EXPECT_EQ(unsent(1), "aaaa\n");
  EXPECT_EQ(unsent(100, 1), "aaaa\n");
}

TEST_F(SinkQueue, GoesOnBehindWhatWasSent) {
  queue.push(batch_of({"one\n", "two\n"}));
  queue.push(batch_of({"three\n"}));
  unsent();
  EXPECT_TRUE(queue.sent(5).empty());
  EXPECT_FALSE(queue.at_record_start());
  EXPECT_EQ(unsent(), "wo\nthree\n");
  queue.sent(3);
  EXPECT_TRUE(queue.at_record_start());
  EXPECT_EQ(unsent(), "three\n");
  EXPECT_EQ(queue.queued(), 6u);
}

TEST_F(SinkQueue, TellsWhichBatchesWereSentToTheirEnd) {
  const std::chrono::steady_clock::time_point then(std::chrono::seconds(7));
  Batch first = batch_of({"a\n", "b\n"});
  first.received = then;
  queue.push(first);
  queue.push(batch_of({"c\n"}));
  unsent();
  std::span<const Queue::Finished> finished = queue.sent(5);
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].received, then);
  EXPECT_EQ(finished[0].records, 2u);
}

TEST_F(SinkQueue, KeepsWhatWasSentUntilItIsAcknowledged) {
  Batch first = batch_of({"one\n", "two\n"});
  std::weak_ptr<const Encoded> bytes = first.encoded;
  queue.push(std::move(first));
  queue.push(batch_of({"three\n"}));
  unsent();
  queue.sent(14);
  EXPECT_EQ(queue.queued(), 0u);
  EXPECT_EQ(queue.release(7).batches, 0u);
  EXPECT_FALSE(bytes.expired());
  Queue::Released released = queue.release(6);
  EXPECT_EQ(released.batches, 1u);
  EXPECT_EQ(released.records, 2u);
  EXPECT_EQ(released.bytes, 8u);
  EXPECT_TRUE(bytes.expired());
  EXPECT_EQ(queue.release(0).records, 1u);
  EXPECT_EQ(queue.unacknowledged(), 0u);
}

TEST_F(SinkQueue, AReceiptLivesUntilItsBatchIsReleased) {
  Batch first = batch_of({"one\n"});
  first.receipt = std::make_shared<int>();
  std::weak_ptr<void> receipt = first.receipt;
  queue.push(std::move(first));
  unsent();
  queue.sent(4);
  EXPECT_FALSE(receipt.expired());
  queue.release(0);
  EXPECT_TRUE(receipt.expired());
}

TEST_F(SinkQueue, AReceiptWithoutBytesWaitsForThoseBeforeIt) {
  queue.push(batch_of({"one\n"}));
  Batch empty = batch_of({});
  empty.receipt = std::make_shared<int>();
  std::weak_ptr<void> receipt = empty.receipt;
  queue.push(std::move(empty));
  queue.release(0);
  EXPECT_FALSE(receipt.expired());
  EXPECT_EQ(unsent(), "one\n");
  queue.sent(4);
  queue.release(0);
  EXPECT_TRUE(receipt.expired());
}

TEST_F(SinkQueue, WhatIsLeftBehindIsNotTakenForWritten) {
  Batch batch = batch_of({"one\n"});
  batch.receipt = std::make_shared<int>();
  std::weak_ptr<void> receipt = batch.receipt;
  queue.push(std::move(batch));
  std::vector<std::shared_ptr<void>> left_behind;
  queue.abandon(left_behind);
  EXPECT_EQ(queue.queued(), 0u);
  EXPECT_FALSE(receipt.expired());
}

// For every number of bytes sent, of which every number has arrived: the connection that follows
// begins with the first record that did not arrive whole.
TEST_F(SinkQueue, ALostConnectionLeavesNoSplicedRecord) {
  const std::vector<std::vector<std::string>> batches = {
      {"a\n", "bcd\n"}, {"ef\n"}, {}, {"ghij\n"}};
  std::string all;
  std::vector<size_t> starts = {0};
  for (const auto& records : batches) {
    for (const std::string& record : records) starts.push_back((all += record).size());
  }
  for (size_t sent = 0; sent <= all.size(); ++sent) {
    for (size_t arrived = 0; arrived <= sent; ++arrived) {
      Queue lost(100, WhenFull::block);
      for (const auto& records : batches) lost.push(batch_of(records));
      lost.gather(100, 64, views);
      lost.sent(sent);
      Queue::Released released = lost.release(sent - arrived);
      Queue::Left left = lost.left(sent - arrived);
      lost.rewind(sent - arrived);
      size_t start = *(std::upper_bound(starts.begin(), starts.end(), arrived) - 1);
      std::string rest;
      lost.gather(100, 64, views);
      for (std::string_view view : views) rest += view;
      EXPECT_EQ(rest, all.substr(start)) << sent << " sent, " << arrived << " arrived";
      EXPECT_EQ(lost.queued(), all.size() - start);
      EXPECT_TRUE(lost.at_record_start());
      EXPECT_EQ(released.records + left.arrived.records + left.records, 4u);
      EXPECT_EQ(released.bytes + left.arrived.bytes, start);
      EXPECT_EQ(rest.substr(0, rest.find('\n') + 1), lost.next_record());
    }
  }
}

TEST_F(SinkQueue, CountsABatchOnceHoweverOftenItIsSent) {
  queue.push(batch_of({"one\n", "two\n"}));
  for (int i = 0; i < 3; ++i) {
    unsent();
    queue.sent(6);
    queue.rewind(6);
  }
  EXPECT_EQ(unsent(), "one\ntwo\n");
  queue.sent(8);
  EXPECT_EQ(queue.release(0).records, 2u);
}

TEST_F(SinkQueue, GivesRecordsOneByOneForDatagrams) {
  queue.push(batch_of({"a\n", "bcd\n"}));
  queue.push(batch_of({"ef\n"}));
  std::vector<std::string> records;
  for (std::string_view record; !(record = queue.next_record()).empty();) {
    records.emplace_back(record);
    queue.sent(record.size());
  }
  EXPECT_EQ(records, (std::vector<std::string>{"a\n", "bcd\n", "ef\n"}));
}

TEST_F(SinkQueue, BlockTakesWhatComesOverTheBound) {
  for (int i = 0; i < 4; ++i) {
    Queue::Dropped dropped = queue.push(batch_of({"12345\n"}));
    EXPECT_EQ(dropped.newest + dropped.oldest, 0u);
  }
  EXPECT_EQ(queue.queued(), 24u);
}

struct DropNewest : SinkQueue {
  DropNewest() : SinkQueue(WhenFull::drop_newest) {}
};

TEST_F(DropNewest, RefusesWhatComesWhenFull) {
  EXPECT_EQ(queue.push(batch_of({"12345\n"})).newest, 0u);
  EXPECT_EQ(queue.push(batch_of({"67890\n"})).newest, 0u);  // begun below the bound
  EXPECT_EQ(queue.push(batch_of({"a\n", "b\n", "c\n"})).newest, 3u);
  EXPECT_EQ(unsent(), "12345\n67890\n");
  queue.sent(6);
  EXPECT_EQ(queue.push(batch_of({"a\n"})).newest, 0u);
}

struct DropOldest : SinkQueue {
  DropOldest() : SinkQueue(WhenFull::drop_oldest) {}
};

TEST_F(DropOldest, MakesRoomForTheNewest) {
  queue.push(batch_of({"1\n", "2\n"}));
  queue.push(batch_of({"345678\n"}));
  EXPECT_EQ(queue.push(batch_of({"9\n"})).oldest, 2u);
  EXPECT_EQ(unsent(), "345678\n9\n");
  EXPECT_EQ(queue.queued(), 9u);
}

TEST_F(DropOldest, NeverTakesBytesThatAreBeingWritten) {
  queue.push(batch_of({"12345\n"}));
  queue.push(batch_of({"67890\n"}));
  EXPECT_EQ(unsent(6), "12345\n");
  EXPECT_EQ(queue.push(batch_of({"a\n"})).oldest, 1u);
  EXPECT_EQ(views[0], "12345\n");
  queue.sent(6);
  EXPECT_EQ(unsent(), "a\n");
}

TEST_F(DropOldest, NeverTakesTheRestOfARecord) {
  queue.push(batch_of({"123456789\n"}));
  unsent();
  queue.sent(1);
  queue.push(batch_of({"abc\n"}));
  queue.push(batch_of({"def\n"}));
  EXPECT_EQ(unsent(), "23456789\ndef\n");
}

TEST(RoomWaiters, AreWokenOnceTheQueueIsHalfEmpty) {
  RoomWaiters waiters(10);
  int woken = 0;
  waiters.add([&] { ++woken; });
  waiters.add([&] { ++woken; });
  EXPECT_TRUE(waiters.take(6).empty());
  for (const RoomWaiters::Wake& wake : waiters.take(5)) wake();
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(waiters.take(0).empty());
}

}  // namespace
}  // namespace redactd::test
