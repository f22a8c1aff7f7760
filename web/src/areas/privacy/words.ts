import type { ClassedField, Erasure, FieldClass, Hold, LegalBasis, Reveal } from "../../api";

/** GDPR Article 17(1) (a) to (e), and a rule of the organisation's own. */
export const BASES: { value: LegalBasis; label: string }[] = [
  { value: "no_longer_necessary", label: "No longer needed: Art. 17(1)(a)" },
  { value: "consent_withdrawn", label: "Consent withdrawn: Art. 17(1)(b)" },
  { value: "objection", label: "The person objected: Art. 17(1)(c)" },
  { value: "unlawful_processing", label: "Processed unlawfully: Art. 17(1)(d)" },
  { value: "legal_obligation", label: "Another law demands it: Art. 17(1)(e)" },
  { value: "own_policy", label: "Our own rule on keeping" },
];

export const basisWords = (basis: LegalBasis): string => BASES.find((one) => one.value === basis)?.label ?? basis;

/** What is true now, so that nobody takes a request for its end. */
export function stateWords(erasure: Erasure): string {
  if (erasure.state === "done") return "Erased";
  if (erasure.trouble) return "Stopped, tried again";
  return erasure.state === "keys_destroyed" ? "Unreadable, being cleaned up" : "Begun";
}

export const HELD: Record<Hold["kind"], string> = {
  everything: "Everything",
  person: "One person",
  subject: "One account or record",
  source: "One source",
};

/** From the most open to the most closely kept. */
export const CLASSES: FieldClass[] = ["public", "internal", "personal", "sensitive", "secret"];

const ORIGINS: Record<ClassedField["origin"], string> = {
  member: "changed",
  object_type: "shipped for this object type",
  connector: "shipped for this connector",
  generic: "shipped for every source",
  unknown: "nobody classed it",
};

export const originWords = (field: ClassedField): string =>
  field.member ? `changed by ${field.member.name}, shipped as ${field.shipped}` : ORIGINS[field.origin];

const STANDINGS: Record<Reveal["standing"], string> = {
  asked: "Waits",
  lapsed: "Not decided in time",
  open: "Shown now",
  over: "Over",
  declined: "Declined",
};

/** What is true of it now; one that was approved says so, also afterwards. */
export function standingWords(reveal: Pick<Reveal, "standing" | "decided_by">): string {
  const words = STANDINGS[reveal.standing];
  const approved = reveal.decided_by !== null && (reveal.standing === "open" || reveal.standing === "over");
  return approved ? `${words}, approved` : words;
}
