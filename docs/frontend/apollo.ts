// Apollo Client 4 for Regulars. Written by `regulars clients` from the schema and its plugins; write it again rather than change it.
import { ApolloClient, HttpLink, InMemoryCache, type FieldPolicy, type TypePolicies } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

/** Interfaces and what they can be: without it, what fragments on them ask for is lost. */
const possibleTypes: Record<string, string[]> = {
  Node: ['ApiKey', 'AuditEntry', 'BulkFile', 'BulkJob', 'Consent', 'Coupon', 'CouponBatch', 'CreditEntry', 'CreditHold', 'Customer', 'CustomerGroup', 'DuplicatePair', 'Erasure', 'ExportEntry', 'LedgerSeal', 'Note', 'OfferUse', 'Payment', 'PointsEntry', 'PointsHold', 'PointsProgram', 'Promotion', 'Purchase', 'PurchaseLine', 'Refund', 'RewardEntry', 'RewardSystem', 'Segment', 'Store', 'TierChange', 'TierPolicy', 'Upload', 'Verification'],
  UserError: ['CouponRefused', 'CustomerReferenced', 'GroupConflict', 'InsufficientFunds', 'InsufficientPoints', 'InvalidInput', 'OffersChanged', 'PossibleDuplicates', 'ReferenceReused', 'SegmentConflict', 'VersionConflict'],
};

/** Types without an id, such as Money: parts of the object that they stand in, so what two queries ask of them is put together. */
const withoutId: string[] = [
  'AccountEvent',
  'Address',
  'AdjustedLine',
  'AppliedOffer',
  'AuditChange',
  'BasketAdjustment',
  'BasketAdjustments',
  'BasketEarning',
  'BasketQuote',
  'BasketQuoteLine',
  'Breakdown',
  'Cohort',
  'CohortPeriod',
  'CouponRefused',
  'CreditAccount',
  'CreditLot',
  'CustomerAttribute',
  'CustomerAttributeDefinition',
  'CustomerCheck',
  'CustomerFieldRule',
  'CustomerRank',
  'CustomerReferenced',
  'CustomerStats',
  'CustomerTotals',
  'CustomersMerge',
  'Dashboard',
  'DeclinedAdjustment',
  'DuplicateMatch',
  'ExportColumn',
  'GroupConflict',
  'Insight',
  'InsightPoint',
  'InsufficientFunds',
  'InsufficientPoints',
  'InvalidInput',
  'LedgerCheck',
  'LedgerCohort',
  'LedgerExpiry',
  'LedgerLiability',
  'LedgerLotUse',
  'LedgerProof',
  'LedgerProofStep',
  'LedgerVerification',
  'LifetimeFit',
  'LifetimeParameter',
  'LifetimeValue',
  'MergeEffect',
  'MergeField',
  'MergeValue',
  'Money',
  'NameSuggestion',
  'NewVersusReturning',
  'OfferCheck',
  'OfferObstacle',
  'OfferScope',
  'OfferStanding',
  'OffersChanged',
  'PaymentMethodShare',
  'PeakTime',
  'Permission',
  'Plugin',
  'PointsAccount',
  'PointsExchange',
  'PointsExchangeReach',
  'PointsLot',
  'PointsRate',
  'PointsRule',
  'PossibleDuplicates',
  'ProfileCompleteness',
  'PromotionResponse',
  'PromotionTierResponse',
  'Receipt',
  'ReferenceCount',
  'ReferenceReused',
  'RefundLine',
  'ReportKind',
  'ReportMetric',
  'Retention',
  'RetentionPolicy',
  'RewardBand',
  'RewardProgress',
  'RfmScore',
  'RfmShare',
  'Role',
  'RoleBinding',
  'Rule',
  'RuleExplanation',
  'RuleFigure',
  'RuleKind',
  'RuleKindSetting',
  'RuleOutcome',
  'RuleSetting',
  'RuleSettingChoice',
  'RuleSimulation',
  'RuleSimulationSample',
  'RuleSimulationShare',
  'SegmentConflict',
  'Shop',
  'SkippedOffer',
  'SupportContact',
  'SystemCheck',
  'SystemStatus',
  'Tier',
  'TierAtRisk',
  'TierBenefit',
  'TierCriteria',
  'TierCriterion',
  'TierCriterionReached',
  'TierCriterionSetting',
  'TierExplanation',
  'TierGrace',
  'TierMove',
  'TierMoved',
  'TierPerformance',
  'TierProgress',
  'TierRule',
  'TierShare',
  'TierSimulation',
  'TierStanding',
  'UploadColumn',
  'VersionConflict',
  'Viewer',
  'VocabularyEntry',
  'Warning',
];

/** Fields that answer pages, with the arguments that make another list of them: all but the cursors. */
const pages: Record<string, Record<string, string[]>> = {
  Coupon: { uses: ['first', 'last'] },
  CouponBatch: { coupons: ['first', 'last', 'where'] },
  CreditAccount: { entries: ['first', 'last'] },
  Customer: { accountHistory: ['first', 'last'], coupons: ['first', 'last', 'where'], notes: ['first', 'last', 'types'], purchases: ['first', 'last', 'orderBy', 'where'], tierHistory: ['first', 'last'] },
  CustomerGroup: { customers: ['first', 'last', 'orderBy', 'where'] },
  PointsAccount: { entries: ['first', 'last'] },
  Promotion: { coupons: ['first', 'last', 'where'], uses: ['first', 'last'] },
  Query: { audit: ['entityId', 'first', 'last'], bulkJobs: ['first', 'last', 'tasks'], customerDuplicates: ['dismissed', 'first', 'last', 'minimumScore'], customerGroups: ['first', 'last'], customers: ['first', 'last', 'orderBy', 'search', 'where'], erasures: ['first', 'last', 'state'], exportLog: ['first', 'last'], ledgerSeals: ['first', 'last'], notes: ['first', 'last', 'orderBy', 'where'], pointsPrograms: ['first', 'last'], promotions: ['first', 'last', 'where'], purchases: ['first', 'last', 'orderBy', 'search', 'where'], rewardSystems: ['first', 'last'], segments: ['first', 'last'], stores: ['first', 'last'], tierPolicies: ['first', 'last'] },
  RewardProgress: { entries: ['first', 'last'] },
  Segment: { customers: ['first', 'last', 'orderBy', 'where'] },
};

interface Page {
  edges?: readonly { cursor?: string }[];
  nodes?: readonly unknown[];
  pageInfo?: { startCursor?: string | null; endCursor?: string | null; hasNextPage?: boolean; hasPreviousPage?: boolean };
}

interface Pages {
  parts: readonly Page[];
}

const end = (page: Page) => page.pageInfo?.endCursor ?? page.edges?.at(-1)?.cursor;
const start = (page: Page) => page.pageInfo?.startCursor ?? page.edges?.[0]?.cursor;

/** The same list, asked again or asked for more of its fields. */
const again = (page: Page | undefined, incoming: Page): Page =>
  page ? { ...page, ...incoming, ...(incoming.pageInfo && { pageInfo: { ...page.pageInfo, ...incoming.pageInfo } }) } : incoming;

/** The pages that were fetched of one list, in their order: `edges` and `nodes` of all of them. */
function paged(keyArgs: string[]): FieldPolicy<Pages, Page, Page | undefined> {
  return {
    keyArgs,
    merge(existing, incoming, { args }) {
      const parts = existing?.parts ?? [];
      if (args?.['after'] != null) {
        const at = parts.findIndex((part) => end(part) === args['after']);
        return { parts: [...parts.slice(0, at < 0 ? parts.length : at + 1), incoming] };
      }
      if (args?.['before'] != null) {
        const at = parts.findIndex((part) => start(part) === args['before']);
        return { parts: [incoming, ...parts.slice(Math.max(at, 0))] };
      }
      const others = incoming.edges || incoming.nodes ? [] : parts.slice(1);
      return { parts: [again(parts[0], incoming), ...others] };
    },
    read(existing) {
      const parts = existing?.parts ?? [];
      const [first] = parts;
      const last = parts.at(-1);
      if (!first || !last || parts.length === 1) return first;
      const edges = parts.every((part) => part.edges) ? { edges: parts.flatMap((part) => part.edges ?? []) } : {};
      const nodes = parts.every((part) => part.nodes) ? { nodes: parts.flatMap((part) => part.nodes ?? []) } : {};
      const { edges: _edges, nodes: _nodes, ...rest } = last;
      const before = { startCursor: first.pageInfo?.startCursor, hasPreviousPage: first.pageInfo?.hasPreviousPage };
      return { ...rest, ...edges, ...nodes, ...(last.pageInfo && { pageInfo: { ...last.pageInfo, ...before } }) };
    },
  };
}

export function cache(): InMemoryCache {
  const typePolicies: TypePolicies = {};
  for (const name of withoutId) typePolicies[name] = { merge: true };
  for (const [name, fields] of Object.entries(pages)) {
    const policies = Object.entries(fields).map(([field, keyArgs]) => [field, paged(keyArgs)]);
    typePolicies[name] = { ...typePolicies[name], fields: Object.fromEntries(policies) };
  }
  return new InMemoryCache({ possibleTypes, typePolicies });
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A client of the shop at this address, such as `https://shop.example`. Documents are sent by their hashes once they are known. */
export function client(address: string, key: string): ApolloClient {
  const http = new HttpLink({ uri: `${address}/graphql`, headers: { authorization: `Bearer ${key}` } });
  return new ApolloClient({ cache: cache(), link: new PersistedQueryLink({ sha256 }).concat(http) });
}
