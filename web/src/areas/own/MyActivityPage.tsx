import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api } from "../../api";
import { useScreen } from "../../app/screen";
import { useSession } from "../../app/session";
import { EventStream } from "../../ui/event/EventStream";
import { Page } from "../../ui/Page";

export function MyActivityPage() {
  const { screen, change, range } = useScreen();
  const { member, operations } = useSession();
  const events = useInfiniteQuery({
    queryKey: ["my-activity", range],
    queryFn: ({ pageParam, signal }) => api.myActivity(range, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="My activity"
      state={`What the connected CRMs recorded about ${member.person?.name ?? member.name}. Only you see this page; others need a role and leave a trace.`}
    >
      <EventStream
        ofOne
        query={events}
        open={screen.open}
        onOpen={(open) => change({ open })}
        canProve={operations.includes("events.prove")}
        canReveal={operations.includes("events.reveal")}
        empty={
          member.person
            ? "Widen the time range above. Events appear as soon as a CRM records something you do."
            : "Your sign-in is not linked to a person of the directory yet, so no events can be shown. Ask an administrator."
        }
      />
    </Page>
  );
}
